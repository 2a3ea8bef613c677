#include "checkpoint/adapter_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr JsonFields::IntRange kRank = {1, 16'384};
constexpr JsonFields::FloatRange kAlpha = {-1e9, 1e9};
constexpr std::size_t kMaxPatterns = 1'000;
// Keys and values of the file: nlohmann looks for each key of an object that keeps their order
// among all before it. A file with the names of all linear layers of BLIP large has fewer than
// 1,000.
constexpr std::size_t kMaxValues = 30'000;

// Kinds of LoRA that are not W + scale · B·A.
constexpr std::array kOtherKinds = {
    std::pair("use_dora", "DoRA"),
    std::pair("use_qalora", "QALoRA"),
    std::pair("use_bdlora", "block-diagonal LoRA"),
    std::pair("alora_invocation_tokens", "activated LoRA"),
    std::pair("arrow_config", "Arrow routing"),
    std::pair("kasa_config", "KaSA"),
    std::pair("monteclora_config", "Monte Carlo LoRA"),
    std::pair("velora_config", "VeLoRA"),
    std::pair("layer_replication", "replicated layers"),
    std::pair("target_parameters", "LoRA on parameters that are no module's"),
    std::pair("trainable_token_indices", "trainable tokens")};

// Python's truth value.
bool is_set(const nlohmann::json& value) {
  if (value.is_null() || value.is_boolean()) return value == true;
  if (value.is_number()) return value != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

void refuse_other_kinds(const nlohmann::json& config, const JsonFields& fields) {
  for (const auto& [key, kind] : kOtherKinds) {
    const auto found = config.find(key);
    if (found != config.end() && is_set(*found)) {
      fields.fail(key, std::string("asks for ") + kind + ", which is not supported, only LoRA is",
                  ErrorCode::unsupported);
    }
  }
  // Later versions of PEFT.
  for (const auto& [key, value] : config.items()) {
    if (key.starts_with("use_") && key != "use_rslora" && is_set(value)) {
      fields.fail(in_quotes(key).c_str(), "is not known, so this may be no plain LoRA",
                  ErrorCode::unsupported);
    }
  }
}

// PEFT runs the initialisation again when it loads, and these take a part of the base model's
// weights away for the adapter to hold.
void refuse_changed_base(const JsonFields& fields) {
  const nlohmann::json* value = fields.find("init_lora_weights");
  if (value == nullptr || value->is_boolean()) return;
  constexpr std::array<std::string_view, 5> kHarmless = {"gaussian", "eva", "orthogonal", "mica",
                                                         "true"};
  const std::string method = value->is_string() ? value->get<std::string>() : std::string();
  if (std::find(kHarmless.begin(), kHarmless.end(), method) != kHarmless.end()) return;
  fields.fail("init_lora_weights",
              "is " + describe(*value) +
                  ", which changes the base model: have PEFT convert the adapter "
                  "(path_initial_model_for_weight_conversion of save_pretrained)",
              ErrorCode::unsupported);
}

// The keys in the order of the file, which decides which pattern is tried first.
template <typename Value, typename Read>
std::vector<std::pair<NamePattern, Value>> read_patterns(const nlohmann::ordered_json& config,
                                                         const JsonFields& fields, const char* key,
                                                         const std::string& file, Read&& read) {
  std::vector<std::pair<NamePattern, Value>> patterns;
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return patterns;
  if (!found->is_object()) fields.fail(key, "must be an object");
  if (found->size() > kMaxPatterns) {
    fields.fail(key, "has too many patterns", ErrorCode::limit_exceeded);
  }
  for (const auto& [pattern, value] : found->items()) {
    patterns.emplace_back(NamePattern("(.*\\.)?(" + pattern + ")$", file + ": " + key),
                          read(nlohmann::json(value)));
  }
  return patterns;
}

template <typename Value>
Value found_in(const std::vector<std::pair<NamePattern, Value>>& patterns, std::string_view module,
               Value otherwise) {
  for (const auto& [pattern, value] : patterns) {
    if (pattern.matches_start_of(module)) return value;
  }
  return otherwise;
}

}  // namespace

int AdapterConfig::rank_of(std::string_view module) const {
  return found_in(rank_pattern, module, rank);
}

double AdapterConfig::scale_of(std::string_view module) const {
  const double own_rank = rank_of(module);
  const double own_alpha = found_in(alpha_pattern, module, alpha);
  return own_alpha / (use_rslora ? std::sqrt(own_rank) : own_rank);
}

AdapterConfig parse_adapter_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name, {.values = kMaxValues});
  const nlohmann::ordered_json in_order = nlohmann::ordered_json::parse(json);
  const JsonFields fields(document, name);
  const std::string type = fields.string("peft_type").value_or("");
  if (type != "LORA") {
    fields.fail("peft_type",
                (type.empty() ? "is missing" : "is " + in_quotes(type)) +
                    std::string("; of PEFT's methods only LORA is supported"),
                ErrorCode::unsupported);
  }
  refuse_other_kinds(document, fields);
  refuse_changed_base(fields);

  AdapterConfig config = {.targets = AdapterTargets(fields, name)};
  config.base_model = fields.string("base_model_name_or_path").value_or("");
  config.revision = fields.string("revision").value_or("");
  if (const auto mapping = fields.object("auto_mapping")) {
    config.base_class = mapping->string("base_model_class").value_or("");
  }
  config.rank = fields.integer("r", kRank).value_or(config.rank);
  config.alpha = fields.number("lora_alpha", kAlpha).value_or(config.alpha);
  config.use_rslora = fields.boolean("use_rslora").value_or(false);
  config.rank_pattern = read_patterns<int>(
      in_order, fields, "rank_pattern", name,
      [&](const nlohmann::json& value) { return fields.as_integer(value, "rank_pattern", kRank); });
  config.alpha_pattern = read_patterns<double>(
      in_order, fields, "alpha_pattern", name, [&](const nlohmann::json& value) {
        return fields.as_number(value, "alpha_pattern", kAlpha);
      });
  return config;
}

AdapterConfig read_adapter_config(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kAdapterConfigFile;
  return parse_adapter_config(read_text_file(file, kMaxConfigBytes), file.string());
}

bool has_adapter(const std::filesystem::path& directory) {
  return !directory.empty() && file_exists(directory / kAdapterConfigFile);
}

}  // namespace blip
