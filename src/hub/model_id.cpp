#include "hub/model_id.hpp"

#include <algorithm>

#include "hub/http_response.hpp"

namespace blip::hub {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_repository_part(std::string_view part) {
  constexpr std::size_t kMaxBytes = 96;
  return !part.empty() && part.size() <= kMaxBytes && is_word_character(part.front()) &&
         is_word_character(part.back()) && std::all_of(part.begin(), part.end(), [](char c) {
           return is_word_character(c) || c == '-' || c == '.';
         });
}

bool is_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  const bool parts =
      slash == std::string_view::npos
          ? is_repository_part(text)
          : is_repository_part(text.substr(0, slash)) && is_repository_part(text.substr(slash + 1));
  return parts && text.find("--") == std::string_view::npos &&
         text.find("..") == std::string_view::npos && !text.ends_with(".git");
}

}  // namespace

bool is_revision(std::string_view text) {
  constexpr std::size_t kMaxBytes = 200;  // with an ending, still a file name
  constexpr std::string_view kForbidden = " ~^:?*[\\\x7F";
  if (text.empty() || text.size() > kMaxBytes || text.find("..") != std::string_view::npos ||
      text.find("@{") != std::string_view::npos ||
      std::any_of(text.begin(), text.end(), [&](char c) {
        return static_cast<unsigned char>(c) < 0x20 || kForbidden.find(c) != std::string_view::npos;
      })) {
    return false;
  }
  while (true) {
    const std::string_view part = text.substr(0, text.find('/'));
    if (part.empty() || part.front() == '.' || part.ends_with(".lock")) return false;
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

bool is_commit(std::string_view text) {
  return is_hexadecimal(text, 40);
}

std::optional<ModelId> parse_model_id(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view repository = text.substr(0, at);
  const std::string_view revision =
      at == std::string_view::npos ? std::string_view("main") : text.substr(at + 1);
  if (!is_repository(repository) || !is_revision(revision)) return std::nullopt;
  return ModelId{std::string(repository), std::string(revision)};
}

}  // namespace blip::hub
