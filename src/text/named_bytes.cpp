#include "text/named_bytes.hpp"

#include <string_view>
#include <vector>

#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {

namespace {

std::vector<std::string> keys_in_order(std::string_view text) {
  std::vector<std::string> keys;
  const auto note_key = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& key) {
    if (depth == 1 && event == nlohmann::json::parse_event_t::key) {
      keys.push_back(key.get<std::string>());
    }
    return true;
  };
  const nlohmann::json unused = nlohmann::json::parse(text.begin(), text.end(), note_key);
  return keys;
}

}  // namespace

std::optional<NamedBytes> read_if_present(const std::filesystem::path& path) {
  if (!file_exists(path)) return std::nullopt;
  return NamedBytes{path.string(), read_text_file(path, kMaxTokenizerFileBytes)};
}

std::optional<JsonDocument> parse_document(const std::optional<NamedBytes>& file,
                                           bool with_key_order) {
  if (!file) return std::nullopt;
  JsonDocument document;
  document.root = parse_json_object(file->bytes, file->name);
  document.name = file->name;
  if (with_key_order) document.key_order = keys_in_order(file->bytes);
  return document;
}

}  // namespace blip
