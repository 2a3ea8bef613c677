// Contexts and models.
#include <algorithm>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "architectures/registry.hpp"
#include "boundary.hpp"
#include "checkpoint/model_directory.hpp"
#include "checkpoint/model_source.hpp"
#include "handles.hpp"

namespace blip::c {
namespace {

bool has_task(const Architecture& architecture, Task task) {
  return std::ranges::find(architecture.tasks, task) != architecture.tasks.end();
}

WeightType weight_type_of(blip_weight_type type) {
  switch (type) {
    case BLIP_WEIGHTS_STORED:
      return WeightType::stored;
    case BLIP_WEIGHTS_F32:
      return WeightType::f32;
    case BLIP_WEIGHTS_F16:
      return WeightType::f16;
    case BLIP_WEIGHTS_BF16:
      return WeightType::bf16;
    case BLIP_WEIGHTS_I8:
      return WeightType::i8;
  }
  throw Error(ErrorCode::invalid_argument, "weight_type: no blip_weight_type");
}

LoadOptions load_options_of(const blip_model_options& options) {
  LoadOptions load;
  load.weight_type = weight_type_of(options.weight_type);
  if (options.offline >= 0) load.hub.offline = options.offline != 0;
  if (options.on_download != nullptr) {
    load.progress = [call = options.on_download, user_data = options.user_data](
                        std::string_view file, std::uint64_t received,
                        std::optional<std::uint64_t> total) {
      return call(user_data, std::string(file).c_str(), received, total.value_or(0)) != 0;
    };
  }
  return load;
}

// D of the embeddings. No configuration is asked, so that no architecture is named here: a short
// text tells, or a black image where no texts are read.
int embedding_size_of(const OpenModel& model) {
  Context context({.num_threads = 1});
  Tensor embedding;
  if (model.tokenizer != nullptr) {
    const std::vector<TokenId> text = model.encoder->tokens("a", TextStyle::hf);
    embedding = model.encoder->embed_texts(std::span(&text, 1), TextStyle::hf, context);
  } else {
    const Image black(64, 64, std::vector<std::uint8_t>(3 * 64 * 64));
    const Tensor pixels = (*model.image_processor)(std::span(&black, 1));
    embedding = model.encoder->embed_images(model.encoder->encode_images(pixels, context), context);
  }
  return static_cast<int>(embedding.shape.back());
}

}  // namespace

std::vector<EncodedImage> OpenModel::encode(TensorView pixel_values, Context& context) const {
  if (captioner) return captioner->encode_images(pixel_values, context);
  if (answerer) return answerer->encode_images(pixel_values, context);
  return encoder->encode_images(pixel_values, context);
}

std::shared_ptr<const OpenModel> open_model(const char* name, const blip_model_options& options) {
  LoadOptions load = load_options_of(options);
  const std::string adapter = options.adapter == nullptr ? "" : options.adapter;
  const ModelSource source =
      resolve_source(required_text(name, "model"), adapter, load.progress, load.hub);
  load.adapter = source.adapter;
  // Training may have saved its own beside the adapter.
  const std::filesystem::path processor =
      options.processor == nullptr ? source.adapter
                                   : resolve_model(options.processor, load.progress, load.hub);

  const ModelFamily& family = family_of(source.model);
  const Architecture& architecture = family.architecture_of(source.model);
  auto model = std::make_shared<OpenModel>();
  model->architecture = architecture.name;
  model->image_processor = open_image_processor(source.model, processor);
  if (has_task(architecture, Task::caption)) {
    model->captioner = BlipForConditionalGeneration::from_pretrained(source.model, load);
  } else if (has_task(architecture, Task::answer)) {
    model->answerer = BlipForQuestionAnswering::from_pretrained(source.model, load);
  } else if (has_task(architecture, Task::embed)) {
    model->encoder = open_dual_encoder(source.model, load, MatchingHead::optional, processor);
  } else if (has_task(architecture, Task::classify)) {
    model->classifier = open_image_classifier(source.model, load);
  } else {
    throw Error(ErrorCode::unsupported, source.model.string() + ": a " + model->architecture +
                                            ", which this interface has no function for");
  }
  if (model->captioner || model->answerer) {
    model->tokenizer = open_tokenizer(source.model, processor);
  }
  if (model->encoder != nullptr) {
    try {
      // It is the encoder's, which lives as long.
      model->tokenizer =
          std::shared_ptr<const Tokenizer>(model->encoder, &model->encoder->tokenizer());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;  // it reads no texts
    }
    model->embedding_size = embedding_size_of(*model);
  }
  return model;
}

}  // namespace blip::c

using blip::c::guarded;
using blip::c::known_fields;
using blip::c::required;

blip_context_options blip_context_options_default(void) {
  return {.struct_size = sizeof(blip_context_options), .num_threads = 0};
}

blip_status blip_context_new(const blip_context_options* options, blip_context** context,
                             blip_error** error) {
  return guarded(error, [&] {
    const auto known = known_fields(options, blip_context_options_default());
    if (known.num_threads < 0) {
      throw blip::Error(blip::ErrorCode::invalid_argument, "num_threads must not be negative");
    }
    auto made = std::make_unique<blip_context>(
        blip_context{blip::Context({.num_threads = known.num_threads})});
    required(context, "context") = made.get();
    static_cast<void>(made.release());
  });
}

int32_t blip_context_num_threads(const blip_context* context) {
  return context == nullptr ? 0 : context->context.num_threads();
}

void blip_context_free(blip_context* context) {
  const std::unique_ptr<blip_context> owner(context);
}

blip_model_options blip_model_options_default(void) {
  blip_model_options options{};
  options.struct_size = sizeof(options);
  options.weight_type = BLIP_WEIGHTS_STORED;
  options.offline = -1;
  return options;
}

blip_status blip_model_open(const char* model, const blip_model_options* options,
                            blip_model** result, blip_error** error) {
  return guarded(error, [&] {
    required(result, "result");
    const auto known = known_fields(options, blip_model_options_default());
    auto made = std::make_unique<blip_model>(blip_model{blip::c::open_model(model, known)});
    *result = made.release();
  });
}

const char* blip_model_architecture(const blip_model* model) {
  return model == nullptr ? "" : model->model->architecture.c_str();
}

int32_t blip_model_can(const blip_model* model, blip_task task) {
  if (model == nullptr) return 0;
  const blip::c::OpenModel& open = *model->model;
  const bool embeds = open.encoder != nullptr;
  switch (task) {
    case BLIP_TASK_CAPTION:
      return open.captioner ? 1 : 0;
    case BLIP_TASK_ANSWER:
      return open.answerer ? 1 : 0;
    case BLIP_TASK_MATCH:
      return embeds && open.encoder->has_matching_head() ? 1 : 0;
    case BLIP_TASK_EMBED_IMAGE:
      return embeds ? 1 : 0;
    case BLIP_TASK_EMBED_TEXT:
      return embeds && open.tokenizer != nullptr ? 1 : 0;
    case BLIP_TASK_CLASSIFY:
      return open.classifier != nullptr ? 1 : 0;
  }
  return 0;
}

int32_t blip_model_embedding_size(const blip_model* model) {
  return model == nullptr ? 0 : model->model->embedding_size;
}

size_t blip_model_num_labels(const blip_model* model) {
  if (model == nullptr || model->model->classifier == nullptr) return 0;
  return model->model->classifier->labels().size();
}

const char* blip_model_label(const blip_model* model, size_t label) {
  if (label >= blip_model_num_labels(model)) return nullptr;
  return model->model->classifier->labels()[label].c_str();
}

void blip_model_free(blip_model* model) {
  const std::unique_ptr<blip_model> owner(model);
}
