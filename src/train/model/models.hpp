// The models that are trained. Each is its parts and the list of its tensors, made by `make_…` with
// uninitialised elements: then call `parameters.initialise(generator)` (and `start_momentum`) or
// load_weights (load_weights.hpp).
#pragma once

#include <torch/torch.h>

#include <vector>

#include "blip/config.hpp"
#include "train/model/feature_queue.hpp"
#include "train/model/image_text_encoder.hpp"
#include "train/model/model_options.hpp"
#include "train/model/parameters.hpp"
#include "train/model/text_transformer.hpp"
#include "train/model/vision_transformer.hpp"

namespace blip::train {

/// Pre-training: the mixture of encoder and decoder. Encoder and decoder share all but
/// self-attention.
struct PretrainingModel {
  BlipConfig config;
  Parameters parameters;
  ImageTextEncoder online;
  ImageTextEncoder momentum;
  double momentum_coefficient = kMomentum;
  std::vector<MomentumPair> momentum_pairs;
  TextTransformer decoder;
  LanguageModelHead language_model_head;
  Linear matching_head;       ///< [2, H], class 1 = match
  torch::Tensor temperature;  ///< scalar, divides similarities
  FeatureQueue queue;
};

/// Fine-tuning for retrieval, which makes CapFilt's filter, too: no decoder.
struct RetrievalModel {
  BlipConfig config;
  Parameters parameters;
  ImageTextEncoder online;
  ImageTextEncoder momentum;
  double momentum_coefficient = kMomentum;
  std::vector<MomentumPair> momentum_pairs;
  Linear matching_head;
  torch::Tensor temperature;
  FeatureQueue queue;  ///< with the ids of images
};

/// Fine-tuning for captions.
struct CaptioningModel {
  BlipConfig config;
  Parameters parameters;
  VisionTransformer vision;
  TextTransformer decoder;
  LanguageModelHead language_model_head;
};

/// Visual question answering: encoder and decoder have tensors of their own, and the decoder reads
/// the question's states.
struct QuestionAnsweringModel {
  BlipConfig config;
  Parameters parameters;
  VisionTransformer vision;
  TextTransformer encoder;
  TextTransformer decoder;
  LanguageModelHead language_model_head;
};

/// NLVR2: whether a statement about two images is true.
struct NlvrModel {
  BlipConfig config;
  Parameters parameters;
  VisionTransformer vision;
  TextTransformer encoder;  ///< with twin cross-attention
  Linear hidden;            ///< "cls_head.0": [H, H], then ReLU
  Linear classifier;        ///< "cls_head.2": [2, H], class 1 = true
};

/// `config.architecture` is not looked at; each sets its own (pre-training the caption model's).
PretrainingModel make_pretraining_model(const BlipConfig& config, const ModelOptions& options);
RetrievalModel make_retrieval_model(const BlipConfig& config, const ModelOptions& options);
CaptioningModel make_captioning_model(const BlipConfig& config, const ModelOptions& options);
QuestionAnsweringModel make_question_answering_model(const BlipConfig& config,
                                                     const ModelOptions& options);
NlvrModel make_nlvr_model(const BlipConfig& config, const ModelOptions& options);

/// The temperature that contrastive learning starts with, and the bounds it is held to.
inline constexpr double kInitialTemperature = 0.07;
inline constexpr double kMinTemperature = 0.001;
inline constexpr double kMaxTemperature = 0.5;

}  // namespace blip::train
