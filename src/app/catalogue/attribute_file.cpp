#include "app/catalogue/attribute_file.hpp"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "blip/error.hpp"
#include "core/ascii_case.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip::app {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxTextBytes = 1024;

using Json = nlohmann::json;

class AttributeParser {
 public:
  explicit AttributeParser(const std::string& file) : file_(file) {}

  AttributeFile parse(std::string_view text) {
    const Json object = parse_json_object(text, file_);
    if (object.empty()) fail("has no attributes");
    if (object.size() > kMaxAttributes) refuse_size("more than 64 attributes");
    AttributeFile attributes;
    std::unordered_set<std::string> names;
    for (const auto& [name, value] : object.items()) {
      name_ = name;
      // In capitals or not, as --where compares them.
      const std::string lower = ascii_lower(text_of(name, "an attribute's name"));
      if (lower == "price") fail("price is no attribute");
      if (!names.insert(lower).second) fail("is there twice");
      if (value.is_string()) {
        attributes.asked.push_back({.name = name, .question = text_of(value, "a question")});
      } else {
        attributes.listed.push_back({.name = name, .values = label_set(value)});
      }
    }
    return attributes;
  }

 private:
  LabelSet label_set(const Json& value) const {
    LabelSet set;
    const Json* values = &value;
    if (value.is_object()) {
      const auto listed = value.find("values");
      if (listed == value.end()) fail("needs \"values\"");
      values = &*listed;
      const auto pattern = value.find("template");
      if (pattern != value.end()) {
        set.templates = {text_of(*pattern, "a template")};
        if (set.templates[0].find("{}") == std::string::npos) {
          fail("the template has no {} for the value");
        }
      }
    }
    if (!values->is_array() || values->empty()) {
      fail("has to be a question, a list of values, or an object with \"values\"");
    }
    if (values->size() > kMaxAttributeValues)
      refuse_size("an attribute of more than 10,000 values");
    for (const Json& each : *values) set.labels.push_back(text_of(each, "a value"));
    return set;
  }

  std::string text_of(const Json& value, const std::string& what) const {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      fail(what + " has to be a text");
    }
    auto text = value.get<std::string>();
    if (text.size() > kMaxTextBytes) refuse_size(what + " of more than 1,024 bytes");
    if (text.find('\0') != std::string::npos) fail(what + " has a NUL byte");
    return text;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    const std::string about = name_.empty() ? "" : in_quotes(name_) + ": ";
    throw Error(ErrorCode::malformed, file_ + ": " + about + problem);
  }
  [[noreturn]] void refuse_size(const std::string& what) const {
    throw Error(ErrorCode::limit_exceeded, file_ + ": " + what);
  }

  const std::string& file_;
  std::string name_;  // of the attribute that is read
};

}  // namespace

AttributeFile parse_attributes(std::string_view text, const std::string& name) {
  return AttributeParser(name).parse(text);
}

AttributeFile read_attributes(const std::filesystem::path& file) {
  return parse_attributes(read_text_file(file, kMaxFileBytes), file.string());
}

}  // namespace blip::app
