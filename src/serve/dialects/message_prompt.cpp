#include "serve/dialects/message_prompt.hpp"

#include <algorithm>

namespace blip::serve {
namespace {

/// "", "Image 1:", "image 2", "Image:"
bool is_picture_label(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  std::string plain;
  for (const char c : text) {
    if (!is_space(c)) plain.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (plain.empty()) return true;
  if (!plain.starts_with("image")) return false;
  return std::all_of(plain.begin() + 5, plain.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == ':' || c == '#'; });
}

}  // namespace

std::string prompt_of_texts(const std::vector<std::string>& texts) {
  const auto last = std::find_if(texts.rbegin(), texts.rend(),
                                 [](const std::string& text) { return !is_picture_label(text); });
  return last == texts.rend() ? std::string() : *last;
}

}  // namespace blip::serve
