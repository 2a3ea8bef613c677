#include "eval/result_records.hpp"

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::eval {
namespace {

using nlohmann::json;

constexpr std::string_view kWhiteSpace = " \t\r\n";

// An object in the first line, and something after it.
bool has_json_lines(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kWhiteSpace);
  if (start == std::string_view::npos || text[start] != '{') return false;
  const std::size_t end = text.find('\n', start);
  if (end == std::string_view::npos) return false;
  if (text.find_first_not_of(kWhiteSpace, end) == std::string_view::npos) return false;
  return json::accept(text.substr(start, end - start));
}

}  // namespace

json parse_json_or_lines(std::string_view text, const std::string& name) {
  if (!has_json_lines(text)) return parse_json(text, name);
  json list = json::array();
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t length = text.find('\n');
    const std::string_view line = text.substr(0, length);
    if (line.find_first_not_of(kWhiteSpace) != std::string_view::npos) {
      list.push_back(parse_json(line, name + ": line " + std::to_string(number)));
    }
    text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
  }
  return list;
}

Record::Record(const json& value, const std::string& name, std::size_t number)
    : object_(&value), where_(name + ": record " + std::to_string(number)) {
  if (!value.is_object()) fail("must be an object, not " + describe(value));
}

const json* Record::find(std::initializer_list<const char*> keys) const {
  for (const char* key : keys) {
    const auto found = object_->find(key);
    if (found != object_->end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

std::string Record::id(std::initializer_list<const char*> keys) const {
  const json* value = find(keys);
  if (value == nullptr) {
    std::string wanted;
    for (const char* key : keys) wanted += (wanted.empty() ? "" : ", ") + std::string(key);
    fail("has none of " + wanted);
  }
  if (value->is_number_integer()) return value->dump();
  return text(*value, "an id");
}

std::string Record::text(const json& value, const char* what) const {
  if (!value.is_string()) fail(std::string(what) + " must be text, not " + describe(value));
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > kMaxTextBytes) {
    throw Error(ErrorCode::limit_exceeded, where_ + ": " + what + " of " +
                                               std::to_string(text.size()) + " bytes, more than " +
                                               std::to_string(kMaxTextBytes));
  }
  return text;
}

std::vector<std::string> Record::texts(const json& value, const char* what,
                                       const char* inner) const {
  if (!value.is_array()) return {text(value, what)};
  std::vector<std::string> texts;
  for (const json& one : value) {
    const auto found = one.is_object() ? one.find(inner) : one.end();
    texts.push_back(text(one.is_object() && found != one.end() ? *found : one, what));
  }
  return texts;
}

std::string Record::optional_text(const char* key) const {
  const json* value = find({key});
  return value == nullptr ? std::string() : text(*value, key);
}

void Record::fail(const std::string& problem) const {
  throw Error(ErrorCode::malformed, where_ + ": " + problem);
}

void throw_mismatch(const std::string& problem) {
  throw Error(ErrorCode::invalid_argument, problem);
}

std::vector<Record> records_of(const json& list, const std::string& name) {
  if (!list.is_array()) {
    throw Error(ErrorCode::malformed, name + ": must be a list of records, not " + describe(list));
  }
  std::vector<Record> records;
  records.reserve(list.size());
  for (const json& value : list) records.emplace_back(value, name, records.size() + 1);
  return records;
}

}  // namespace blip::eval
