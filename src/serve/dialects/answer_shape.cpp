#include "serve/dialects/answer_shape.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kCaptionKeys = {"caption"sv,  "description"sv, "text"sv,
                                     "alt_text"sv, "alt"sv,         "title"sv,
                                     "summary"sv,  "answer"sv,      "response"sv};
constexpr std::array kLabelKeys = {"labels"sv, "tags"sv, "keywords"sv};

bool is_name_in(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const nlohmann::json* member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

/// "string", or of ["string", "null"] what is not null.
std::string type_of_schema(const nlohmann::json& schema) {
  const nlohmann::json* type = member(schema, "type");
  if (type == nullptr) return {};
  if (type->is_string()) return type->get<std::string>();
  if (type->is_array()) {
    for (const auto& one : *type) {
      if (one.is_string() && one != "null") return one.get<std::string>();
    }
  }
  return {};
}

std::set<std::string> required_of(const nlohmann::json& schema) {
  std::set<std::string> names;
  if (const nlohmann::json* required = member(schema, "required");
      required != nullptr && required->is_array()) {
    for (const auto& name : *required) {
      if (name.is_string()) names.insert(name.get<std::string>());
    }
  }
  return names;
}

/// Any text is valid.
bool is_free_text(const nlohmann::json& schema) {
  // Captions are shorter; a limit below could cut one.
  constexpr std::int64_t kLongestCaption = 200;
  if (type_of_schema(schema) != "string") return false;
  for (const char* key : {"enum", "const", "pattern", "format", "minLength"}) {
    if (member(schema, key) != nullptr) return false;
  }
  const nlohmann::json* longest = member(schema, "maxLength");
  return longest == nullptr ||
         (longest->is_number_integer() && longest->get<std::int64_t>() >= kLongestCaption);
}

bool requires_only(const nlohmann::json& schema, std::initializer_list<std::string_view> names) {
  const auto required = required_of(schema);
  return std::all_of(required.begin(), required.end(), [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  });
}

/// {"text", "confidence"}, as PhotoPrism wants captions.
bool is_nested_caption(const nlohmann::json& schema) {
  const nlohmann::json* properties = member(schema, "properties");
  return type_of_schema(schema) == "object" && properties != nullptr &&
         member(*properties, "text") != nullptr && is_free_text((*properties)["text"]) &&
         requires_only(schema, {"text", "confidence"});
}

/// A list of texts, or of objects with a name. True: of texts.
std::optional<bool> labels_are_texts_in(const nlohmann::json& schema) {
  const nlohmann::json* items = member(schema, "items");
  if (type_of_schema(schema) != "array" || items == nullptr) return std::nullopt;
  if (is_free_text(*items)) return true;
  const nlohmann::json* properties = member(*items, "properties");
  if (properties == nullptr || member(*properties, "name") == nullptr) return std::nullopt;
  if (!requires_only(*items, {"name", "confidence", "topicality"})) return std::nullopt;
  return false;
}

[[noreturn]] void refuse_schema(const std::string& why) {
  throw Refusal(FailureKind::bad_request,
                "the JSON schema asks for more than a caption or labels: " + why);
}

/// Adds what the property is to be to the shape; false if it can be nothing.
bool add_property(AnswerShape& shape, const std::string& name, const nlohmann::json& schema) {
  if (is_name_in(name, kLabelKeys) && shape.kind != AnswerShape::Kind::caption) {
    const auto are_texts = labels_are_texts_in(schema);
    if (!are_texts) return false;
    shape.kind = AnswerShape::Kind::labels;
    shape.labels_are_texts = *are_texts;
    shape.keys.push_back({.name = name});
    return true;
  }
  if (shape.kind == AnswerShape::Kind::labels) return false;
  const bool nested = is_nested_caption(schema);
  if (!nested && !is_free_text(schema)) return false;
  shape.kind = AnswerShape::Kind::caption;
  shape.keys.push_back({.name = name, .nested = nested});
  return true;
}

}  // namespace

AnswerShape shape_of_instructions(std::string_view instructions) {
  std::string text(instructions);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view word : kLabelKeys) {
    // "label objects" as well
    if (text.find(word.substr(0, word.size() - 1)) == std::string::npos) continue;
    if (text.find("caption") != std::string::npos) continue;
    return {.kind = AnswerShape::Kind::labels, .keys = {{.name = "labels"}}};
  }
  return {.kind = AnswerShape::Kind::caption, .keys = {{.name = "caption"}}};
}

AnswerShape shape_of_schema(const nlohmann::json& schema) {
  if (!schema.is_object()) refuse_schema("it is no object");
  const std::string type = type_of_schema(schema);
  if (!type.empty() && type != "object") refuse_schema("its type is not \"object\"");
  const nlohmann::json* properties = member(schema, "properties");
  if (properties == nullptr || !properties->is_object() || properties->empty()) {
    if (!required_of(schema).empty()) refuse_schema("it does not say what its properties are");
    return {.kind = AnswerShape::Kind::caption, .keys = {{.name = "caption"}}};
  }
  AnswerShape shape;
  const auto required = required_of(schema);
  for (const auto& name : required) {
    const auto property = properties->find(name);
    // A lone text may have any name; beside others one that a caption is not has another meaning.
    const bool is_ours =
        required.size() == 1 || is_name_in(name, kCaptionKeys) || is_name_in(name, kLabelKeys);
    if (!is_ours || property == properties->end() || !add_property(shape, name, *property)) {
      refuse_schema("\"" + name.substr(0, 60) + "\"");
    }
  }
  if (!required.empty()) return shape;
  // Nothing is required: the property that is most like a caption.
  for (const auto& names : {std::span<const std::string_view>(kCaptionKeys),
                            std::span<const std::string_view>(kLabelKeys)}) {
    for (const auto name : names) {
      const auto property = properties->find(std::string(name));
      if (property != properties->end() && add_property(shape, std::string(name), *property)) {
        return shape;
      }
    }
  }
  for (const auto& [name, property] : properties->items()) {
    if (add_property(shape, name, property)) return shape;
  }
  refuse_schema("none of its properties is a text");
}

}  // namespace blip::serve
