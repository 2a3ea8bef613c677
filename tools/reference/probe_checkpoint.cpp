// Runs the module checkpoint/ for tools/reference/parity_checkpoint.py: one JSON request a line on
// standard input, one JSON answer a line on standard output.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "blip/config.hpp"
#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"

namespace {

using nlohmann::json;

// As zlib's.
std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) * 0xEDB88320U);
  }
  return ~crc;
}

json tensors_of(const std::string& path) {
  json tensors = json::object();
  const blip::Checkpoint checkpoint = blip::Checkpoint::open(path);
  for (const auto& tensor : checkpoint.tensors()) {
    tensors[tensor.name] = {{"dtype", blip::name_of(tensor.dtype)},
                            {"shape", tensor.shape},
                            {"bytes", tensor.bytes.size()},
                            {"crc32", crc32(tensor.bytes)}};
  }
  return tensors;
}

json load_times(const std::string& path) {
  const auto begin = std::chrono::steady_clock::now();
  const blip::Checkpoint checkpoint = blip::Checkpoint::open(path);
  const auto opened = std::chrono::steady_clock::now();
  std::uint64_t sum = 0;
  std::uint64_t size = 0;
  for (const auto& tensor : checkpoint.tensors()) {
    for (std::size_t i = 0; i < tensor.bytes.size(); i += 64) {
      sum += std::to_integer<std::uint64_t>(tensor.bytes[i]);
    }
    size += tensor.bytes.size();
  }
  const auto touched = std::chrono::steady_clock::now();
  const auto milliseconds = [](auto from, auto to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  };
  return {{"open_ms", milliseconds(begin, opened)},
          {"touch_ms", milliseconds(opened, touched)},
          {"bytes", size},
          {"sum", sum}};
}

json fields_of(const blip::BlipConfig& config) {
  const auto& text = config.text_config;
  const auto& vision = config.vision_config;
  return {{"architecture", config.architecture},
          {"projection_dim", config.projection_dim},
          {"logit_scale_init_value", config.logit_scale_init_value},
          {"image_text_hidden_size", config.image_text_hidden_size},
          {"tie_word_embeddings", config.tie_word_embeddings},
          {"text_config",
           {{"vocab_size", text.vocab_size},
            {"hidden_size", text.hidden_size},
            {"encoder_hidden_size", text.encoder_hidden_size},
            {"intermediate_size", text.intermediate_size},
            {"num_hidden_layers", text.num_hidden_layers},
            {"num_attention_heads", text.num_attention_heads},
            {"max_position_embeddings", text.max_position_embeddings},
            {"hidden_act", text.hidden_act},
            {"layer_norm_eps", text.layer_norm_eps},
            {"bos_token_id", text.bos_token_id},
            {"eos_token_id", text.eos_token_id},
            {"pad_token_id", text.pad_token_id},
            {"sep_token_id", text.sep_token_id}}},
          {"vision_config",
           {{"hidden_size", vision.hidden_size},
            {"intermediate_size", vision.intermediate_size},
            {"num_hidden_layers", vision.num_hidden_layers},
            {"num_attention_heads", vision.num_attention_heads},
            {"image_size", vision.image_size},
            {"patch_size", vision.patch_size},
            {"hidden_act", vision.hidden_act},
            {"layer_norm_eps", vision.layer_norm_eps}}}};
}

json fields_of(const blip::BlipImageProcessorConfig& config) {
  return {{"do_resize", config.do_resize},
          {"height", config.height},
          {"width", config.width},
          {"resample", static_cast<int>(config.resample)},
          {"do_rescale", config.do_rescale},
          {"rescale_factor", config.rescale_factor},
          {"do_normalize", config.do_normalize},
          {"image_mean", config.image_mean},
          {"image_std", config.image_std}};
}

json fields_of(const blip::GenerationOptions& options) {
  json fields = json::object();
  const auto add = [&fields](const char* name, const auto& value) {
    if (value) fields[name] = *value;
  };
  add("max_length", options.max_length);
  add("max_new_tokens", options.max_new_tokens);
  add("min_length", options.min_length);
  add("min_new_tokens", options.min_new_tokens);
  add("num_beams", options.num_beams);
  add("length_penalty", options.length_penalty);
  add("num_return_sequences", options.num_return_sequences);
  add("repetition_penalty", options.repetition_penalty);
  add("no_repeat_ngram_size", options.no_repeat_ngram_size);
  add("do_sample", options.do_sample);
  add("temperature", options.temperature);
  add("top_k", options.top_k);
  add("top_p", options.top_p);
  if (options.early_stopping) {
    switch (*options.early_stopping) {
      case blip::EarlyStopping::heuristic:
        fields["early_stopping"] = false;
        break;
      case blip::EarlyStopping::when_full:
        fields["early_stopping"] = true;
        break;
      case blip::EarlyStopping::never:
        fields["early_stopping"] = "never";
        break;
    }
  }
  return fields;
}

json answer(const json& request) {
  const auto what = request.at("what").get<std::string>();
  const auto path = request.at("path").get<std::string>();
  if (what == "tensors") return tensors_of(path);
  if (what == "load") return load_times(path);
  if (what == "config") return fields_of(blip::BlipConfig::from_pretrained(path));
  if (what == "processor") return fields_of(blip::BlipImageProcessorConfig::from_pretrained(path));
  return fields_of(blip::load_generation_config(path, blip::BlipConfig::from_pretrained(path)));
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    json result;
    try {
      result["ok"] = answer(json::parse(line));
    } catch (const blip::Error& error) {
      result["error"] = error.what();
    }
    // A tensor's name may be anything the file says.
    std::cout << result.dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
  }
}
