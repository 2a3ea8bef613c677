// A TrainingConfig as JSON text, read and written.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <string>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "train/run/config_fields.hpp"

namespace blip::train {
namespace {

// A recipe with all its comments has some kilobytes.
constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

std::string full_name(const ConfigField& field) {
  return std::string(field.group) + "." + std::string(field.key);
}

// How many letters to insert, delete or change (Levenshtein).
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t change = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string suggestion(const std::vector<ConfigField>& fields, const std::string& name) {
  constexpr std::size_t kMaxName = 100;  // longer is no slip of the hand
  if (name.size() > kMaxName) return {};
  std::string best;
  std::size_t least = name.size() / 3 + 2;
  for (const ConfigField& field : fields) {
    const std::size_t letters = distance(full_name(field), name);
    if (letters < least) {
      least = letters;
      best = full_name(field);
    }
  }
  return best.empty() ? "" : "; did you mean " + best + "?";
}

std::string allowed_words(const TextField& field) {
  std::string list;
  for (const std::string_view word : field.allowed) {
    if (!list.empty()) list += ", ";
    list += '"';
    list += word;
    list += '"';
  }
  return list;
}

// Reads the values of one configuration. `where` begins every message.
class ValueReader {
 public:
  ValueReader(std::string where, ErrorCode code) : where_(std::move(where)), code_(code) {}

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(code_, where_ + ": " + problem);
  }

  void read(const ConfigField& field, const nlohmann::json& value) const {
    name_ = full_name(field);
    std::visit([&](const auto& target) { assign(target, value); }, field.target);
  }

 private:
  [[noreturn]] void reject(const std::string& wanted, const nlohmann::json& value) const {
    fail(name_ + " must be " + wanted + ", not " + describe(value));
  }

  void assign(const IntegerField& field, const nlohmann::json& value) const {
    const std::string wanted =
        "a whole number of " + std::to_string(field.least) + " to " + std::to_string(field.most);
    if (!value.is_number_integer()) reject(wanted, value);
    const bool too_large = value.is_number_unsigned() &&
                           value.get<std::uint64_t>() > static_cast<std::uint64_t>(field.most);
    const auto number = value.get<std::int64_t>();
    if (too_large || number < field.least || number > field.most) reject(wanted, value);
    *field.value = static_cast<int>(number);
  }
  void assign(const NumberField& field, const nlohmann::json& value) const {
    const auto in_range = [&] {
      const auto number = value.get<double>();
      return number >= field.least && number <= field.most;
    };
    if (!value.is_number() || !in_range()) {
      reject("a number of " + nlohmann::json(field.least).dump() + " to " +
                 nlohmann::json(field.most).dump(),
             value);
    }
    *field.value = value.get<double>();
  }
  void assign(const SwitchField& field, const nlohmann::json& value) const {
    if (!value.is_boolean()) reject("true or false", value);
    *field.value = value.get<bool>();
  }
  void assign(const TextField& field, const nlohmann::json& value) const {
    if (!value.is_string()) reject(field.allowed.empty() ? "text" : allowed_words(field), value);
    const auto& text = value.get_ref<const std::string&>();
    if (!field.allowed.empty() &&
        std::find(field.allowed.begin(), field.allowed.end(), text) == field.allowed.end()) {
      reject("one of " + allowed_words(field), value);
    }
    *field.value = text;
  }
  void assign(const IntegerListField& field, const nlohmann::json& value) const {
    const std::string wanted = "a list of at most " + std::to_string(field.longest) +
                               " whole numbers of " + std::to_string(field.least) + " to " +
                               std::to_string(field.most);
    if (!value.is_array() || value.size() > field.longest) reject(wanted, value);
    std::vector<int> numbers;
    for (const nlohmann::json& item : value) {
      int number = 0;
      if (!item.is_number_integer()) reject(wanted, value);
      assign(IntegerField{&number, field.least, field.most}, item);
      numbers.push_back(number);
    }
    *field.value = std::move(numbers);
  }
  void assign(const ListField& field, const nlohmann::json& value) const {
    std::vector<std::string> texts;
    if (value.is_string()) {  // one file need not be in brackets
      texts.push_back(value.get<std::string>());
    } else if (value.is_array()) {
      for (const nlohmann::json& item : value) {
        if (!item.is_string()) reject("a list of texts", value);
        texts.push_back(item.get<std::string>());
      }
    } else {
      reject("a list of texts", value);
    }
    *field.value = std::move(texts);
  }

  std::string where_;
  ErrorCode code_;
  mutable std::string name_;
};

// Comments out, so that one parser with its limits reads the rest; line numbers stay.
std::string without_comments(const std::string& text) {
  std::string kept;
  kept.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\' && i + 1 < text.size()) {
      kept += text[i++];
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && text[i] == '/' && i + 1 < text.size() && text[i + 1] == '/') {
      i = std::min(text.find('\n', i), text.size());
      if (i < text.size()) kept += '\n';
      continue;
    }
    kept += text[i];
  }
  return kept;
}

const ConfigField* find_field(const std::vector<ConfigField>& fields, const std::string& name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const ConfigField& field) {
    return full_name(field) == name;
  });
  return found == fields.end() ? nullptr : &*found;
}

std::string unknown_key(const TrainingConfig& config, const std::vector<ConfigField>& fields,
                        const std::string& name) {
  return "unknown key " + in_quotes(name) + " for " + std::string(name_of(config.task)) +
         suggestion(fields, name);
}

}  // namespace

TrainingConfig read_config(Task task, const std::string& path) {
  TrainingConfig config = default_config(task);
  const std::vector<ConfigField> fields = fields_of(config);
  const nlohmann::json document =
      parse_json_object(without_comments(read_text_file(path, kMaxConfigBytes)), path);
  const ValueReader reader(path, ErrorCode::malformed);
  for (const auto& [group, values] : document.items()) {
    const bool known = std::any_of(fields.begin(), fields.end(),
                                   [&](const ConfigField& field) { return field.group == group; });
    if (!known) reader.fail(unknown_key(config, fields, group));
    if (!values.is_object()) reader.fail(group + " must be an object, not " + describe(values));
    for (const auto& [key, value] : values.items()) {
      const std::string name = group + "." + key;
      const ConfigField* field = find_field(fields, name);
      if (field == nullptr) reader.fail(unknown_key(config, fields, name));
      reader.read(*field, value);
    }
  }
  return config;
}

void set_option(TrainingConfig& config, const std::string& assignment) {
  const ValueReader reader("--set", ErrorCode::invalid_argument);
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos) {
    reader.fail(in_quotes(assignment) + " is not GROUP.KEY=VALUE");
  }
  const std::string name = assignment.substr(0, equals);
  const std::string text = assignment.substr(equals + 1);
  const std::vector<ConfigField> fields = fields_of(config);
  const ConfigField* field = find_field(fields, name);
  if (field == nullptr) reader.fail(unknown_key(config, fields, name));
  // What is no JSON is a text; a text that is JSON, too ("12"), stays one where a text is wanted.
  nlohmann::json value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool wants_text = std::holds_alternative<TextField>(field->target);
  if (value.is_discarded() || (wants_text && !value.is_string())) value = text;
  reader.read(*field, value);
}

std::string config_as_json(const TrainingConfig& config) {
  TrainingConfig copy = config;
  nlohmann::ordered_json document;
  for (const ConfigField& field : fields_of(copy)) {
    std::visit(
        [&](const auto& target) {
          document[std::string(field.group)][std::string(field.key)] = *target.value;
        },
        field.target);
  }
  // Paths need not be UTF-8.
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace blip::train
