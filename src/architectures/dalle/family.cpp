#include "architectures/dalle/family.hpp"

#include <array>
#include <string>

#include "architectures/dalle/config.hpp"
#include "architectures/dalle/flax_names.hpp"
#include "architectures/dalle/infer_config.hpp"
#include "architectures/dalle/tensors.hpp"
#include "blip/dalle_tokenizer.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr std::array kDraws = {Task::draw};
constexpr std::array<const Architecture*, 1> kDalleArchitectures = {&kDalleModel};
constexpr std::array kDalleTokenizerFiles = {"vocab.json", "merges.txt"};

// min-dalle's files, of DALL-E mega and of DALL-E mini, and dalle-mini's.
constexpr WeightsPart kDetokerPart = {{"detoker.pt", "../vqgan/detoker.pt"}, kDalleDetokenizer};
constexpr std::array kMegaParts = {WeightsPart{{"encoder.pt"}, kDalleEncoder},
                                   WeightsPart{{"decoder.pt"}, kDalleDecoder}, kDetokerPart};
constexpr std::array kMiniParts = {WeightsPart{{"encoder_mini.pt"}, kDalleEncoder},
                                   WeightsPart{{"decoder_mini.pt"}, kDalleDecoder}, kDetokerPart};
constexpr std::array kFlaxParts = {
    WeightsPart{{"flax_model.msgpack"}, ""},
    WeightsPart{{"vqgan/flax_model.msgpack", "../vqgan/flax_model.msgpack"}, kDalleDetokenizer}};
constexpr std::array<PartedWeights, 3> kDallePartedWeights = {
    PartedWeights{kMegaParts}, PartedWeights{kMiniParts}, PartedWeights{kFlaxParts}};

// dalle-mini/dalle-mini and dalle-mini/dalle-mega, as kFlaxParts finds them.
constexpr hub::FamilyWeights kDalleHubWeights = {
    .file = "flax_model.msgpack",
    .other_repository = "dalle-mini/vqgan_imagenet_f16_16384",
    .other_file = "flax_model.msgpack",
    .other_place = "vqgan/flax_model.msgpack"};

const Architecture& dalle_architecture_of(const std::filesystem::path& model) {
  const std::string name = DalleConfig::from_pretrained(model).architecture;
  // dalle-mini calls its class DalleBart, in files that were saved with one.
  if (!name.empty() && name != kDalleModel.name && name != "DalleBart" && name != "eBart") {
    throw Error(ErrorCode::unsupported,
                model.string() + ": " + in_quotes(name) + " is not an architecture of DALL-E mini");
  }
  return kDalleModel;
}

ConfigPart describe_dalle_tower(const char* name, const std::string& tokens, int layers, int heads,
                                int inner, const DalleConfig& config) {
  return {.name = name,
          .summary = tokens + "; " + std::to_string(layers) + " layers, width " +
                     std::to_string(config.d_model) + ", " + std::to_string(heads) +
                     " heads, GLU " + std::to_string(inner),
          .fields = {{"num_hidden_layers", layers},
                     {"hidden_size", config.d_model},
                     {"num_attention_heads", heads},
                     {"intermediate_size", inner}}};
}

ModelDescription describe_dalle(const std::filesystem::path& model) {
  const DalleConfig config = DalleConfig::from_pretrained(model);
  const VqganConfig& vqgan = config.vqgan_config;
  ModelDescription description = {.architecture = config.architecture, .parts = {}};
  description.parts.push_back(describe_dalle_tower(
      "text",
      "vocabulary " + std::to_string(config.encoder_vocab_size) + ", " +
          std::to_string(config.max_text_length) + " positions",
      config.encoder_layers, config.encoder_attention_heads, config.encoder_ffn_dim, config));
  description.parts.push_back(describe_dalle_tower(
      "codes",
      std::to_string(vqgan.n_embed) + " codes, " + std::to_string(config.image_length) +
          " of a picture",
      config.decoder_layers, config.decoder_attention_heads, config.decoder_ffn_dim, config));
  description.parts.push_back(
      {.name = "pictures",
       .summary = std::to_string(vqgan.resolution) + " px; VQGAN of " +
                  std::to_string(vqgan.ch_mult.size()) + " levels, " +
                  std::to_string(vqgan.ch * vqgan.ch_mult.back()) + " to " +
                  std::to_string(vqgan.ch * vqgan.ch_mult.front()) + " channels",
       .fields = {{"image_size", vqgan.resolution}, {"n_embed", vqgan.n_embed}}});
  if (lacks_config(model)) description.layout = "min-dalle";
  return description;
}

std::vector<ExpectedTensor> dalle_tensors_of(const std::filesystem::path& model) {
  return dalle_tensors(DalleConfig::from_pretrained(model));
}

const Architecture& infer_dalle_architecture(const Checkpoint& /*checkpoint*/) {
  return kDalleModel;
}

std::string inferred_dalle_config(const Checkpoint& checkpoint) {
  return dalle_config_as_json(infer_dalle_config(checkpoint));
}

// vocab_mini.json, where the files of DALL-E mini lie beside those of mega or alone.
std::vector<TokenizerSource> dalle_tokenizer_sources(const std::filesystem::path& model) {
  const std::filesystem::path folder = model_folder(model);
  const bool is_named_mini = model.filename().native().find("_mini.") != std::string::npos;
  const bool has_plain = file_exists(folder / "vocab.json");
  if ((is_named_mini || !has_plain) && file_exists(folder / "vocab_mini.json")) {
    return {{folder / "vocab_mini.json", "vocab.json"}, {folder / "merges_mini.txt", "merges.txt"}};
  }
  return {{folder / "vocab.json", "vocab.json"}, {folder / "merges.txt", "merges.txt"}};
}

std::shared_ptr<const Tokenizer> open_dalle_texts(const std::filesystem::path& model,
                                                  const std::filesystem::path& processor) {
  const auto files = dalle_tokenizer_sources(processor.empty() ? model : processor);
  return std::make_shared<const DalleTokenizer>(
      DalleTokenizer::from_files(files[0].file, files[1].file));
}

constexpr ModelFamily dalle_family(const char* model_type) {
  return {.model_type = model_type,
          .architectures = kDalleArchitectures,
          .original_names = &kDalleFlaxNames,
          .tokenizer_files = kDalleTokenizerFiles,
          .architecture_of = dalle_architecture_of,
          .describe = describe_dalle,
          .expected_tensors = dalle_tensors_of,
          .tensors_of_all_classes = dalle_tensors_of,
          .has_made = is_dalle,
          .infer_architecture = infer_dalle_architecture,
          .inferred_config = inferred_dalle_config,
          .generation_settings = nullptr,
          .image_processor_config = nullptr,
          .open_image_processor = nullptr,
          .open_tokenizer = open_dalle_texts,
          .open_dual_encoder = nullptr,
          .open_image_classifier = nullptr,
          .tokenizer_sources = dalle_tokenizer_sources,
          .parted_weights = kDallePartedWeights,
          .hub_weights = &kDalleHubWeights};
}

}  // namespace

constinit const Architecture kDalleModel = {.name = "DalleModel",
                                            .purpose = "draws pictures from words",
                                            .tasks = kDraws,
                                            .marker = "decoder.lm_head.weight"};

constinit const ModelFamily kDalleFamily = dalle_family(kDalleType);
constinit const ModelFamily kDalleBartFamily = dalle_family(kDalleBartType);

}  // namespace blip
