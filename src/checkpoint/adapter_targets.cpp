#include "checkpoint/adapter_targets.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/ascii_case.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"

namespace blip {
namespace {

// "all-linear" becomes the names of all linear layers, of which BLIP large has 300.
constexpr std::size_t kMaxNames = 10'000;
// Of names that are each an expression, matched with every module: PEFT's files have fewer than 10.
constexpr std::size_t kMaxExpressions = 100;
constexpr JsonFields::IntRange kLayer = {0, 1'000'000};

std::vector<std::string> read_names(const JsonFields& fields, const char* key, std::size_t most) {
  const nlohmann::json* list = fields.find(key);
  if (list == nullptr) return {};
  if (!list->is_array()) fields.fail(key, "must be a list of names, not " + describe(*list));
  if (list->size() > most) {
    fields.fail(key, "lists more than " + std::to_string(most) + " names",
                ErrorCode::limit_exceeded);
  }
  std::vector<std::string> names;
  for (const nlohmann::json& name : *list) {
    if (!name.is_string()) fields.fail(key, "must be a list of names, not of " + describe(name));
    names.push_back(name.get<std::string>());
  }
  return names;
}

// The index of the layer that a module lies in, by the first number in its name that has two parts
// before it: PEFT's r".*?\.[^.]*\.(?P<idx>\d+)\.".
std::optional<std::string> first_number(std::string_view module) {
  for (int part = 0;; ++part) {
    const std::size_t dot = module.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string_view word = module.substr(0, dot);
    if (part >= 2 && !word.empty() &&
        std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return std::string(word);
    }
    module.remove_prefix(dot + 1);
  }
}

}  // namespace

bool AdapterTargets::Selection::contains(std::string_view module) const {
  if (pattern) return pattern->matches_all_of(module);
  // Any of its ends of whole parts.
  for (std::string_view rest = module;;) {
    if (names.contains(rest)) return true;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) return false;
    rest.remove_prefix(dot + 1);
  }
}

AdapterTargets::Selection AdapterTargets::read_selection(const JsonFields& fields, const char* key,
                                                         const std::string& file) {
  Selection selection;
  const nlohmann::json* value = fields.find(key);
  if (value != nullptr && value->is_string()) {
    const auto& expression = value->get_ref<const std::string&>();
    if (!expression.empty()) selection.pattern = NamePattern(expression, file + ": " + key);
  } else {
    const std::vector<std::string> names = read_names(fields, key, kMaxNames);
    selection.names.insert(names.begin(), names.end());
  }
  return selection;
}

AdapterTargets::AdapterTargets(const JsonFields& fields, const std::string& file) {
  const nlohmann::json* targets = fields.find("target_modules");
  if (targets != nullptr && targets->is_string() &&
      ascii_lower(targets->get<std::string>()) == "all-linear") {
    all_linear_ = true;
  } else {
    targets_ = read_selection(fields, "target_modules", file);
  }
  described_ = targets == nullptr ? "null" : in_quotes(targets->dump());
  excluded_ = read_selection(fields, "exclude_modules", file);

  if (const nlohmann::json* layers = fields.find("layers_to_transform")) {
    if (layers->is_array()) {
      if (layers->size() > kMaxNames) {
        fields.fail("layers_to_transform", "lists too many layers", ErrorCode::limit_exceeded);
      }
      for (const nlohmann::json& layer : *layers) {
        layers_.push_back(fields.as_integer(layer, "layers_to_transform", kLayer));
      }
    } else {
      layers_.push_back(fields.as_integer(*layers, "layers_to_transform", kLayer));
    }
  }
  const nlohmann::json* pattern = fields.find("layers_pattern");
  std::vector<std::string> patterns;
  if (pattern != nullptr && pattern->is_string()) {
    if (!pattern->get_ref<const std::string&>().empty())
      patterns.push_back(pattern->get<std::string>());
  } else {
    patterns = read_names(fields, "layers_pattern", kMaxExpressions);
  }
  for (const std::string& text : patterns) {
    layer_patterns_.emplace_back("(?:^|.*?\\.)" + text + "\\.(?P<idx>\\d+)\\.",
                                 file + ": layers_pattern");
  }

  saved_ = read_names(fields, "modules_to_save", kMaxExpressions);
  for (const std::string& module : saved_) {
    inside_saved_.emplace_back("(^|.*\\.)" + module + "($|\\..*)", file + ": modules_to_save");
  }
}

bool AdapterTargets::contains(std::string_view module) const {
  if (excluded_.contains(module)) return false;
  const bool is_inside_saved =
      std::any_of(inside_saved_.begin(), inside_saved_.end(),
                  [&](const NamePattern& saved) { return saved.matches_start_of(module); });
  if (is_inside_saved) return false;
  if (all_linear_ || targets_.pattern) return all_linear_ || targets_.contains(module);
  // What is named whole is meant wherever it lies.
  if (targets_.names.contains(module)) return true;
  return targets_.contains(module) && (layers_.empty() || is_of_chosen_layer(module));
}

bool AdapterTargets::is_of_chosen_layer(std::string_view module) const {
  std::optional<std::string> index;
  if (layer_patterns_.empty()) index = first_number(module);
  for (const NamePattern& pattern : layer_patterns_) {
    index = pattern.captured(module, "idx");
    if (index) break;
  }
  int layer = -1;
  if (!index) return false;
  std::from_chars(index->data(), index->data() + index->size(), layer);
  return std::find(layers_.begin(), layers_.end(), layer) != layers_.end();
}

bool AdapterTargets::has_whole(std::string_view tensor) const {
  for (std::size_t dot = tensor.find('.'); dot != std::string_view::npos;
       dot = tensor.find('.', dot + 1)) {
    const std::string_view module = tensor.substr(0, dot);
    const bool is_saved = std::any_of(saved_.begin(), saved_.end(), [&](const std::string& name) {
      return module.ends_with(name);  // not by whole parts: as PEFT
    });
    if (is_saved) return true;
  }
  return false;
}

}  // namespace blip
