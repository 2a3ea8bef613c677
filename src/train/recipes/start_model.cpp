#include "train/recipes/start_model.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "architectures/blip/config_writer.hpp"
#include "architectures/blip/tokenizer_directory.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
#include "train/model/image_text_encoder.hpp"
#include "train/model/load_towers.hpp"
#include "train/model/load_weights.hpp"
#include "train/model/save_model.hpp"
#include "train/model/vocabulary_rows.hpp"

namespace blip::train {
namespace {

// bert-base-multilingual's vocab.txt, the largest, has 1 MB.
constexpr std::size_t kMaxVocabularyBytes = std::size_t{64} << 20;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

// Copies the vocabulary to `directory`, so that a saved model has it wherever it came from.
void copy_tokenizer(const std::string& vocabulary, const BlipImageProcessorConfig& images,
                    const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw Error(ErrorCode::unreadable, directory.string() + ": cannot be made: " + error.message());
  }
  if (std::filesystem::is_regular_file(vocabulary, error)) {
    replace_file(directory / "vocab.txt", read_text_file(vocabulary, kMaxVocabularyBytes));
  } else {
    for (const auto& [name, text] : tokenizer_files(vocabulary)) {
      replace_file(directory / name, text);
    }
  }
  replace_file(directory / "preprocessor_config.json", image_processor_as_json(images));
}

std::filesystem::path tokenizer_of_run(const TrainingConfig& config) {
  return std::filesystem::path(config.run.directory) / "tokenizer";
}

// What pictures are normalised by, wherever they get their size.
BlipImageProcessorConfig normalisation_of(const std::filesystem::path& model) {
  const BlipImageProcessorConfig stored = BlipImageProcessorConfig::from_pretrained(model);
  BlipImageProcessorConfig images;
  images.image_mean = stored.image_mean;
  images.image_std = stored.image_std;
  return images;
}

bool has_tokenizer(const std::filesystem::path& model) {
  return file_exists(model / "tokenizer.json") || file_exists(model / "vocab.txt");
}

EfficientNetLiteConfig read_backbone(const std::filesystem::path& classifier) {
  const std::string name = (classifier / kConfigFile).string();
  const nlohmann::json document = parse_json_object(read_text_file(name, kMaxConfigBytes), name);
  return parse_efficientnet_lite(JsonFields(document, name));
}

BlipConfig new_architecture(const ArchitectureConfig& architecture, const ModelConfig& model,
                            const BertTokenizer& tokenizer) {
  BlipConfig config;
  config.image_text_hidden_size = architecture.projection;
  config.projection_dim = architecture.projection;
  BlipVisionConfig& vision = config.vision_config;
  vision.hidden_size = architecture.vision_width;
  vision.intermediate_size = 4 * architecture.vision_width;
  vision.num_hidden_layers = architecture.vision_layers;
  vision.num_attention_heads = architecture.vision_heads;
  vision.image_size = model.image_size;
  vision.patch_size = architecture.patch_size;
  if (!model.backbone.empty()) {
    vision.backbone_config = read_backbone(resolve_model(model.backbone));
    vision.patch_size = vision.backbone_config->total_stride();
  }
  vision.layer_norm_eps = 1e-6F;  // timm's, which BLIP was trained with
  BlipTextConfig& text = config.text_config;
  text.hidden_size = architecture.text_width;
  text.intermediate_size = 4 * architecture.text_width;
  text.num_hidden_layers = architecture.text_layers;
  text.num_attention_heads = architecture.text_heads;
  text.max_position_embeddings = architecture.text_positions;
  // [DEC] and [ENC] come behind the vocabulary.
  text.vocab_size = static_cast<int>(tokenizer.vocab_size()) + 2;
  text.bos_token_id = static_cast<TokenId>(tokenizer.vocab_size());
  text.sep_token_id = tokenizer.sep_token_id();
  text.eos_token_id = tokenizer.sep_token_id();
  text.pad_token_id = tokenizer.pad_token_id();
  return config;
}

// The configuration of model.start for this training.
BlipConfig start_architecture(const std::filesystem::path& source, const ModelConfig& model) {
  BlipConfig config = config_for_training(source, model.image_size);
  int& layers = config.text_config.num_hidden_layers;
  if (model.text_layers > layers) {
    fail("model.text_layers " + std::to_string(model.text_layers) + " is more than the " +
         std::to_string(layers) + " text layers of " + model.start);
  }
  if (model.text_layers > 0) layers = model.text_layers;
  return config;
}

void check_architecture(const BlipConfig& config, const TrainingConfig& training,
                        const BertTokenizer& tokenizer) {
  const BlipVisionConfig& vision = config.vision_config;
  const BlipTextConfig& text = config.text_config;
  const auto number = [](int value) { return std::to_string(value); };
  if (!vision.backbone_config && vision.image_size % vision.patch_size != 0) {
    fail("model.image_size " + number(vision.image_size) + " is no multiple of the model's patch " +
         number(vision.patch_size));
  }
  if (vision.hidden_size % vision.num_attention_heads != 0) {
    fail("a vision tower of width " + number(vision.hidden_size) + " cannot have " +
         number(vision.num_attention_heads) + " heads of equal width");
  }
  if (text.hidden_size % text.num_attention_heads != 0) {
    fail("a text tower of width " + number(text.hidden_size) + " cannot have " +
         number(text.num_attention_heads) + " heads of equal width");
  }
  if (training.data.max_tokens > text.max_position_embeddings) {
    fail("data.max_tokens " + number(training.data.max_tokens) + " is more than the " +
         number(text.max_position_embeddings) + " positions of the model");
  }
  // What would end the evaluation is known now rather than when the first epoch has been trained.
  const bool generates = training.task == Task::caption && !training.data.validation.empty();
  if (!generates) return;
  const int longest = training.evaluation.max_length;
  if (longest > text.max_position_embeddings) {
    fail("evaluation.max_length " + number(longest) + " is more than the " +
         number(text.max_position_embeddings) + " positions of the model");
  }
  // As evaluate_captions has it: with [DEC], without [SEP].
  const auto ids = tokenizer.encode(training.data.prompt, {.parse_special_tokens = false});
  const int prompt = static_cast<int>(ids.size()) - 1;
  if (longest <= prompt) {
    fail("evaluation.max_length " + number(longest) + " leaves no room behind the " +
         number(prompt) + " tokens of data.prompt");
  }
}

}  // namespace

StartModel open_start_model(const TrainingConfig& config, const ProcessGroup& group) {
  const auto start_of = [&]() -> StartModel {
    if (!config.model.start.empty()) {
      const std::filesystem::path source = resolve_model(config.model.start);
      return {start_architecture(source, config.model),
              BertTokenizer::from_pretrained(tokenizer_directory(source)), source,
              normalisation_of(source)};
    }
    if (config.model.text_layers > 0) {
      fail("model.text_layers needs model.start; of a new model it is architecture.text_layers");
    }
    const std::filesystem::path directory = tokenizer_of_run(config);
    const BlipImageProcessorConfig images =
        config.model.backbone.empty() ? BlipImageProcessorConfig{}
                                      : normalisation_of(resolve_model(config.model.backbone));
    if (group.rank() == 0) copy_tokenizer(config.architecture.vocabulary, images, directory);
    group.barrier();
    BertTokenizer tokenizer = BertTokenizer::from_pretrained(directory);
    BlipConfig architecture = new_architecture(config.architecture, config.model, tokenizer);
    return {std::move(architecture), std::move(tokenizer), directory, images};
  };
  StartModel start = start_of();
  check_architecture(start.config, config, start.tokenizer);
  return start;
}

void fill_parameters(Parameters& parameters, const TrainingConfig& config,
                     const std::function<void(const std::string&)>& log) {
  const torch::Generator generator =
      at::detail::createCPUGenerator(static_cast<std::uint64_t>(config.run.seed));
  if (!config.model.start.empty()) {
    const LoadReport report = load_weights(parameters, config.model.start, generator);
    const auto count = [&](const std::vector<std::string>& names, const char* what) {
      if (names.empty()) return;
      log(config.model.start + ": " + std::to_string(names.size()) + " tensors " + what +
          ", the first " + names.front());
    };
    count(report.initialised, "are new");
    count(report.unfitting, "have another shape and are new");
    count(report.borrowed, "are borrowed from another tower");
    count(report.untied, "are stored twice with different values, of which one is kept");
    return;
  }
  parameters.initialise(generator);
  const ModelConfig& model = config.model;
  if (!model.bert.empty()) {
    const std::filesystem::path bert = resolve_model(model.bert);
    // A checkpoint without a tokenizer beside it has this vocabulary in this order.
    load_bert(parameters, bert,
              has_tokenizer(bert) ? vocabulary_rows(tokenizer_of_run(config), bert)
                                  : std::vector<std::int64_t>());
  }
  if (!model.vit.empty()) load_timm_vision(parameters, resolve_model(model.vit));
  if (!model.backbone.empty()) load_backbone(parameters, resolve_model(model.backbone));
  copy_to_momentum(momentum_pairs(parameters));
}

}  // namespace blip::train
