// Comparison: what models of different kinds make of one photo, and what each of them costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/model_options.hpp"
#include "blip/context.hpp"
#include "blip/image.hpp"

namespace blip::app {

/// What a comparison is made of. A model that is not named is left out.
struct ComparisonOptions {
  std::filesystem::path captioner;   ///< a BlipForConditionalGeneration
  std::filesystem::path answerer;    ///< a BlipForQuestionAnswering
  std::filesystem::path matcher;     ///< a BlipForImageTextRetrieval
  std::filesystem::path clip;        ///< a CLIP, a SigLIP or what else embeds images and texts
  std::filesystem::path classifier;  ///< a ViT or what else has classes of its own
  std::filesystem::path drawer;      ///< a DalleModel
  WeightType weight_type = WeightType::stored;  ///< of all of them
  PictureOptions pictures = {};
  std::string question = "what is in the picture?";
  std::vector<std::string> texts = {};     ///< to be matched, beside the caption
  std::size_t top = 5;                     ///< tags and classes that are told
  std::uint64_t seed = 0;                  ///< of the picture that is drawn
  std::filesystem::path kept_labels = {};  ///< where vectors of tags are kept; empty: nowhere
};

/// A text with what a model says of it: {"itm", 0.98}.
struct ScoredText {
  std::string text;
  std::vector<std::pair<std::string_view, float>> scores;
  std::string error = {};  ///< why it has no scores: longer than the model reads
};

/// What a model was asked, and its answers, best first.
struct TaskFindings {
  std::string_view task;   ///< "caption", "answer", "match", "tags", "classes" or "drawing"
  std::string asked = {};  ///< the question, or the words that were drawn; empty: nothing
  std::vector<ScoredText> results;
};

struct ModelCost {
  std::int64_t parameters = 0;
  double load_seconds = 0.0;  ///< with what a first call makes once: vectors of tags that are kept
  double run_seconds = 0.0;   ///< of all its tasks, without reading the photo's file
  /// Resident memory that the process had more when it had run; none where that is not told.
  std::optional<std::uint64_t> memory_bytes;
};

struct ComparedModel {
  std::string_view system;  ///< "BLIP", "CLIP", "SigLIP", "ViT", "EfficientNet" or "DALL-E"
  std::filesystem::path model;
  std::string name = {};          ///< "openai/clip-vit-base-patch32", or its folder's name
  std::string architecture = {};  ///< the class of transformers that it is of
  ModelCost cost = {};
  std::vector<TaskFindings> tasks = {};
  std::optional<Image> picture = std::nullopt;  ///< that it drew
  std::string error = {};  ///< why it has no findings; empty if it did not fail
};

struct Comparison {
  std::string photo;  ///< as it was named
  Image image;
  std::vector<ComparedModel> models;  ///< in the order BLIP, CLIP, ViT, DALL-E
};

/// Opens one model after the other, so that memory holds one at a time. The caption is one of the
/// texts that are matched, and what is drawn. A model that fails, also for want of memory, has its
/// error and the others go on. `on_model` hears what is about to be opened.
Comparison compare_models(const std::string& photo, const Image& image,
                          const ComparisonOptions& options, const ContextOptions& context_options,
                          const std::function<void(std::string_view system)>& on_model = {});

}  // namespace blip::app
