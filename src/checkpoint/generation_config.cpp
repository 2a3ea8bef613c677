#include "checkpoint/generation_config.hpp"

#include <nlohmann/json.hpp>

#include "blip/config.hpp"
#include "checkpoint/config_file.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr JsonFields::IntRange kTokens = {0, 1'000'000};
constexpr JsonFields::IntRange kSequences = {1, 1'000};

std::optional<float> narrowed(std::optional<double> value) {
  return value ? std::optional<float>(static_cast<float>(*value)) : std::nullopt;
}

std::optional<EarlyStopping> parse_early_stopping(const JsonFields& fields) {
  const nlohmann::json* value = fields.find("early_stopping");
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) {
    return value->get<bool>() ? EarlyStopping::when_full : EarlyStopping::heuristic;
  }
  if (*value != "never") {
    fields.fail("early_stopping", "must be true, false or \"never\", not " + describe(*value));
  }
  return EarlyStopping::never;
}

}  // namespace

GenerationOptions parse_generation_fields(const JsonFields& fields) {
  GenerationOptions options;
  options.max_length = fields.integer("max_length", kTokens);
  options.max_new_tokens = fields.integer("max_new_tokens", kTokens);
  options.min_length = fields.integer("min_length", kTokens);
  options.min_new_tokens = fields.integer("min_new_tokens", kTokens);
  options.num_beams = fields.integer("num_beams", kSequences);
  options.length_penalty = narrowed(fields.number("length_penalty", {-1e6, 1e6}));
  options.early_stopping = parse_early_stopping(fields);
  options.num_return_sequences = fields.integer("num_return_sequences", kSequences);
  options.repetition_penalty = narrowed(fields.number("repetition_penalty", {1e-6, 1e6}));
  options.no_repeat_ngram_size = fields.integer("no_repeat_ngram_size", kTokens);
  options.do_sample = fields.boolean("do_sample");
  options.temperature = narrowed(fields.number("temperature", {0.0, 1e6}));
  options.top_k = fields.integer("top_k", {0, 10'000'000});
  options.top_p = narrowed(fields.number("top_p", {0.0, 1.0}));
  return options;
}

GenerationOptions parse_generation_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  return parse_generation_fields(JsonFields(document, name));
}

GenerationOptions laid_over(const GenerationOptions& options, const GenerationOptions& fallback) {
  GenerationOptions result = options;
  const auto fill = [&](auto member) {
    if (!(result.*member)) result.*member = fallback.*member;
  };
  fill(&GenerationOptions::max_length);
  fill(&GenerationOptions::max_new_tokens);
  fill(&GenerationOptions::min_length);
  fill(&GenerationOptions::min_new_tokens);
  fill(&GenerationOptions::num_beams);
  fill(&GenerationOptions::length_penalty);
  fill(&GenerationOptions::early_stopping);
  fill(&GenerationOptions::num_return_sequences);
  fill(&GenerationOptions::repetition_penalty);
  fill(&GenerationOptions::no_repeat_ngram_size);
  fill(&GenerationOptions::do_sample);
  fill(&GenerationOptions::temperature);
  fill(&GenerationOptions::top_k);
  fill(&GenerationOptions::top_p);
  fill(&GenerationOptions::seed);
  fill(&GenerationOptions::image_offset);
  fill(&GenerationOptions::output_scores);
  return result;
}

GenerationOptions load_generation_config(const std::filesystem::path& model,
                                         const BlipConfig& config) {
  // The file replaces config.json's fields, it does not merge with them: as transformers.
  const std::filesystem::path file = model_folder(model) / "generation_config.json";
  if (!file_exists(file)) return config.text_config.generation;
  return parse_generation_config(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
