#include "architectures/dalle/config.hpp"

#include <nlohmann/json.hpp>

#include "architectures/config_limits.hpp"
#include "architectures/dalle/infer_config.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "core/shortest_number.hpp"

namespace blip {
namespace {

constexpr auto kMaxLevels = static_cast<std::size_t>(kMaxVqganLevels);
// Codes of a picture, a square: 64 × 64 of them would take an hour.
constexpr JsonFields::IntRange kImageLengths = {1, 4096};
constexpr JsonFields::IntRange kTextLengths = {2, 65'536};
constexpr JsonFields::IntRange kResBlocks = {1, 100};

std::vector<int> read_numbers(const JsonFields& fields, const char* key,
                              const std::vector<int>& otherwise, JsonFields::IntRange range) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_array() || value->size() > kMaxLevels) {
    fields.fail(key, "must be a list of at most " + std::to_string(kMaxLevels) + " numbers");
  }
  std::vector<int> numbers;
  for (const nlohmann::json& number : *value) {
    numbers.push_back(fields.as_integer(number, key, range));
  }
  return numbers;
}

VqganConfig parse_vqgan(const JsonFields& fields) {
  VqganConfig config;
  const auto width = [&](const char* key, int& value) {
    value = fields.integer(key, kWidths).value_or(value);
  };
  width("ch", config.ch);
  width("z_channels", config.z_channels);
  width("embed_dim", config.embed_dim);
  width("norm_groups", config.norm_groups);
  config.n_embed = fields.integer("n_embed", kVocabularySizes).value_or(config.n_embed);
  config.num_res_blocks =
      fields.integer("num_res_blocks", kResBlocks).value_or(config.num_res_blocks);
  config.resolution = fields.integer("resolution", kPixelSizes).value_or(config.resolution);
  config.ch_mult = read_numbers(fields, "ch_mult", config.ch_mult, {1, 64});
  config.attn_resolutions =
      read_numbers(fields, "attn_resolutions", config.attn_resolutions, kPixelSizes);
  config.norm_eps =
      static_cast<float>(fields.number("norm_eps", kEpsilons).value_or(config.norm_eps));
  if (config.ch_mult.empty()) fields.fail("ch_mult", "is empty");
  for (const int multiplier : config.ch_mult) {
    if (config.ch * multiplier % config.norm_groups != 0) {
      fields.fail("ch_mult", "makes levels of " + std::to_string(config.ch * multiplier) +
                                 " channels, which " + std::to_string(config.norm_groups) +
                                 " groups do not share out evenly");
    }
    if (config.ch * multiplier > kWidths.max) fields.fail("ch_mult", "makes too many channels");
  }
  const auto levels = static_cast<unsigned>(config.ch_mult.size()) - 1;
  if (config.grid() < 1 || config.grid() << levels != config.resolution) {
    fields.fail("resolution", std::to_string(config.resolution) + " cannot be halved " +
                                  std::to_string(levels) + " times");
  }
  if (fields.integer("out_ch", {1, 65'536}).value_or(3) != 3) {
    fields.fail("out_ch", "must be 3 to be supported", ErrorCode::unsupported);
  }
  return config;
}

// What dalle-mini's code can also do, and no model of it does.
void require_dalle_variant(const JsonFields& fields) {
  const auto wanted = [&](const char* key, const char* value) {
    const auto given = fields.string(key);
    if (given && *given != value) {
      fields.fail(key, in_quotes(*given) + " is not supported: " + value + " is",
                  ErrorCode::unsupported);
    }
  };
  wanted("ln_type", "layernorm");
  wanted("ln_positions", "normformer");
  wanted("activation_function", "gelu");
  const auto refuse = [&](const char* key, bool value) {
    if (fields.boolean(key).value_or(value) == value) return;
    fields.fail(key, std::string("must be ") + (value ? "true" : "false") + " to be supported",
                ErrorCode::unsupported);
  };
  refuse("use_bias", false);
  refuse("use_alibi", false);
  refuse("use_swin_position_embeddings", false);
  refuse("use_deepnet_scaling", false);
  refuse("use_subln_init", false);
  refuse("use_cosine_attention", false);
}

nlohmann::ordered_json vqgan_fields(const VqganConfig& vqgan) {
  return {{"ch", vqgan.ch},
          {"ch_mult", vqgan.ch_mult},
          {"num_res_blocks", vqgan.num_res_blocks},
          {"attn_resolutions", vqgan.attn_resolutions},
          {"resolution", vqgan.resolution},
          {"z_channels", vqgan.z_channels},
          {"embed_dim", vqgan.embed_dim},
          {"n_embed", vqgan.n_embed},
          {"norm_groups", vqgan.norm_groups},
          {"norm_eps", shortest_number(vqgan.norm_eps)}};
}

}  // namespace

DalleConfig parse_dalle_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  const std::string type = read_model_type(fields);
  if (type != kDalleType && type != kDalleBartType) {
    throw Error(ErrorCode::unsupported, name + ": is a " + in_quotes(type) + " model, not DALL-E");
  }
  require_dalle_variant(fields);
  DalleConfig config;
  config.architecture = read_architecture(fields);
  const auto read = [&](const char* key, JsonFields::IntRange range, int& value) {
    value = fields.integer(key, range).value_or(value);
  };
  read("encoder_vocab_size", kVocabularySizes, config.encoder_vocab_size);
  read("image_vocab_size", {1, kVocabularySizes.max - 1}, config.image_vocab_size);
  read("max_text_length", kTextLengths, config.max_text_length);
  read("image_length", kImageLengths, config.image_length);
  read("d_model", kWidths, config.d_model);
  read("encoder_layers", kLayerCounts, config.encoder_layers);
  read("encoder_ffn_dim", kWidths, config.encoder_ffn_dim);
  read("encoder_attention_heads", kWidths, config.encoder_attention_heads);
  read("decoder_layers", kLayerCounts, config.decoder_layers);
  read("decoder_ffn_dim", kWidths, config.decoder_ffn_dim);
  read("decoder_attention_heads", kWidths, config.decoder_attention_heads);
  config.decoder_start_token_id = config.image_vocab_size;
  read("decoder_start_token_id", {0, config.image_vocab_size}, config.decoder_start_token_id);
  // What a drawing may be asked for, too.
  constexpr double kMostGuidance = 1e6;
  const auto read_number = [&](const char* key, JsonFields::FloatRange range, float& value) {
    value = static_cast<float>(fields.number(key, range).value_or(value));
  };
  read_number("guidance_scale", {-kMostGuidance, kMostGuidance}, config.guidance_scale);
  read_number("temperature", {1e-6, 1e6}, config.temperature);
  read("top_k", {1, kVocabularySizes.max}, config.top_k);
  require_even_heads(fields, config.d_model, config.encoder_attention_heads);
  require_even_heads(fields, config.d_model, config.decoder_attention_heads);
  const auto vqgan = fields.object("vqgan_config");
  const nlohmann::json nothing = nlohmann::json::object();
  config.vqgan_config = parse_vqgan(vqgan.value_or(JsonFields(nothing, name + ": vqgan_config")));
  const int grid = config.vqgan_config.grid();
  if (static_cast<std::int64_t>(grid) * grid != config.image_length) {
    fields.fail("image_length", std::to_string(config.image_length) + " is not the " +
                                    std::to_string(grid) + " × " + std::to_string(grid) +
                                    " codes that the VQGAN makes a picture of");
  }
  if (config.vqgan_config.n_embed > config.image_vocab_size) {
    fields.fail("image_vocab_size", std::to_string(config.image_vocab_size) +
                                        " is fewer than the VQGAN's " +
                                        std::to_string(config.vqgan_config.n_embed) + " codes");
  }
  return config;
}

std::string dalle_config_as_json(const DalleConfig& config) {
  const nlohmann::ordered_json document = {
      {"architectures", {config.architecture.empty() ? "DalleModel" : config.architecture}},
      {"model_type", kDalleType},
      {"encoder_vocab_size", config.encoder_vocab_size},
      {"image_vocab_size", config.image_vocab_size},
      {"max_text_length", config.max_text_length},
      {"image_length", config.image_length},
      {"d_model", config.d_model},
      {"encoder_layers", config.encoder_layers},
      {"encoder_ffn_dim", config.encoder_ffn_dim},
      {"encoder_attention_heads", config.encoder_attention_heads},
      {"decoder_layers", config.decoder_layers},
      {"decoder_ffn_dim", config.decoder_ffn_dim},
      {"decoder_attention_heads", config.decoder_attention_heads},
      {"decoder_start_token_id", config.decoder_start_token_id},
      {"guidance_scale", shortest_number(config.guidance_scale)},
      {"temperature", shortest_number(config.temperature)},
      {"top_k", config.top_k},
      {"vqgan_config", vqgan_fields(config.vqgan_config)}};
  return document.dump(2) + "\n";
}

VqganConfig parse_vqgan_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  const std::string type = read_model_type(fields);
  if (type != kVqganType) {
    throw Error(ErrorCode::unsupported,
                name + ": is a " + in_quotes(type) + " model, not a VQGAN by itself");
  }
  return parse_vqgan(fields);
}

std::string vqgan_config_as_json(const VqganConfig& config) {
  nlohmann::ordered_json document = {{"model_type", kVqganType}};
  document.update(vqgan_fields(config));
  return document.dump(2) + "\n";
}

DalleConfig DalleConfig::from_pretrained(const std::filesystem::path& model) {
  if (lacks_config(model)) return infer_dalle_config(Checkpoint::open(model));
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_dalle_config(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
