#include "train/model/models.hpp"

#include "architectures/blip/architectures.hpp"

namespace blip::train {
namespace {

constexpr InitialValue kTemperature = {InitialValue::Kind::constant, kInitialTemperature};

// The architecture's configuration with the width that cross-attention reads, which is always the
// vision tower's.
BlipConfig of_architecture(BlipConfig config, const char* architecture) {
  config.architecture = architecture;
  config.text_config.encoder_hidden_size = config.vision_config.hidden_size;
  return config;
}

VisionTransformer add_vision(Parameters& parameters, const BlipConfig& config,
                             const ModelOptions& options) {
  return add_vision_transformer(parameters, "vision_model.", config.vision_config, options.vision,
                                Role::trained);
}

TextTransformer add_text(Parameters& parameters, const std::string& prefix,
                         const BlipConfig& config, std::int64_t states_width,
                         const ModelOptions& options,
                         CrossAttentionKind kind = CrossAttentionKind::single) {
  return add_text_transformer(parameters, prefix, config.text_config, states_width,
                              options.text_dropout, Role::trained, kind);
}

void add_projections(Parameters& parameters, const BlipConfig& config, ImageTextEncoder& encoder) {
  encoder.vision_projection = add_head(parameters, "vision_proj", config.image_text_hidden_size,
                                       config.vision_config.hidden_size, Role::trained);
  encoder.text_projection = add_head(parameters, "text_proj", config.image_text_hidden_size,
                                     config.text_config.hidden_size, Role::trained);
}

}  // namespace

PretrainingModel make_pretraining_model(const BlipConfig& config, const ModelOptions& options) {
  PretrainingModel model;
  model.config = of_architecture(config, kBlipForConditionalGeneration.name);
  model.parameters = Parameters(options.device, options.dtype);
  const std::int64_t image_width = model.config.vision_config.hidden_size;
  Parameters& parameters = model.parameters;
  model.online.vision = add_vision(parameters, model.config, options);
  model.decoder = add_text(parameters, "text_decoder.bert.", model.config, image_width, options);
  model.language_model_head =
      add_language_model_head(parameters, "text_decoder.cls.predictions.", model.decoder);
  model.online.text =
      add_encoder_sharing_with(parameters, "text_encoder.", "text_decoder.bert.", model.decoder);
  add_projections(parameters, model.config, model.online);
  model.matching_head =
      add_head(parameters, "itm_head", 2, model.config.text_config.hidden_size, Role::trained);
  model.temperature = parameters.add("temp", {}, Role::trained, kTemperature);
  model.momentum = add_momentum_encoder(parameters, model.config, options, model.online);
  model.momentum_coefficient = options.momentum;
  model.momentum_pairs = momentum_pairs(parameters);
  model.queue = add_feature_queue(parameters, model.config.image_text_hidden_size,
                                  options.queue_size, /*with_ids=*/false);
  return model;
}

RetrievalModel make_retrieval_model(const BlipConfig& config, const ModelOptions& options) {
  RetrievalModel model;
  model.config = of_architecture(config, kBlipForImageTextRetrieval.name);
  model.parameters = Parameters(options.device, options.dtype);
  Parameters& parameters = model.parameters;
  model.online.vision = add_vision(parameters, model.config, options);
  model.online.text = add_text(parameters, "text_encoder.", model.config,
                               model.config.vision_config.hidden_size, options);
  add_projections(parameters, model.config, model.online);
  model.matching_head =
      add_head(parameters, "itm_head", 2, model.config.text_config.hidden_size, Role::trained);
  model.temperature = parameters.add("temp", {}, Role::trained, kTemperature);
  model.momentum = add_momentum_encoder(parameters, model.config, options, model.online);
  model.momentum_coefficient = options.momentum;
  model.momentum_pairs = momentum_pairs(parameters);
  model.queue = add_feature_queue(parameters, model.config.image_text_hidden_size,
                                  options.queue_size, /*with_ids=*/true);
  return model;
}

CaptioningModel make_captioning_model(const BlipConfig& config, const ModelOptions& options) {
  CaptioningModel model;
  model.config = of_architecture(config, kBlipForConditionalGeneration.name);
  model.parameters = Parameters(options.device, options.dtype);
  Parameters& parameters = model.parameters;
  model.vision = add_vision(parameters, model.config, options);
  model.decoder = add_text(parameters, "text_decoder.bert.", model.config,
                           model.config.vision_config.hidden_size, options);
  model.language_model_head =
      add_language_model_head(parameters, "text_decoder.cls.predictions.", model.decoder);
  return model;
}

QuestionAnsweringModel make_question_answering_model(const BlipConfig& config,
                                                     const ModelOptions& options) {
  QuestionAnsweringModel model;
  model.config = of_architecture(config, kBlipForQuestionAnswering.name);
  model.parameters = Parameters(options.device, options.dtype);
  Parameters& parameters = model.parameters;
  model.vision = add_vision(parameters, model.config, options);
  model.encoder = add_text(parameters, "text_encoder.", model.config,
                           model.config.vision_config.hidden_size, options);
  model.decoder = add_text(parameters, "text_decoder.bert.", model.config,
                           model.config.text_config.hidden_size, options);
  model.language_model_head =
      add_language_model_head(parameters, "text_decoder.cls.predictions.", model.decoder);
  return model;
}

NlvrModel make_nlvr_model(const BlipConfig& config, const ModelOptions& options) {
  NlvrModel model;
  model.config = of_architecture(config, kBlipForNLVR.name);
  model.parameters = Parameters(options.device, options.dtype);
  const std::int64_t text_width = model.config.text_config.hidden_size;
  Parameters& parameters = model.parameters;
  model.vision = add_vision(parameters, model.config, options);
  model.encoder =
      add_text(parameters, "text_encoder.", model.config, model.config.vision_config.hidden_size,
               options, CrossAttentionKind::twin);
  model.hidden = add_head(parameters, "cls_head.0", text_width, text_width, Role::trained);
  model.classifier = add_head(parameters, "cls_head.2", 2, text_width, Role::trained);
  return model;
}

}  // namespace blip::train
