#include "serve/dialects/text_filter.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace blip::serve {
namespace {

using std::string_view_literals::operator""sv;

// The longer ones first.
constexpr std::array kOpenings = {"this is a picture of "sv,
                                  "this is an image of "sv,
                                  "this is a photo of "sv,
                                  "a photograph of "sv,
                                  "an image showing "sv,
                                  "a picture of "sv,
                                  "there is a photo of "sv,
                                  "an image of "sv,
                                  "a photo of "sv,
                                  "there are "sv,
                                  "there is "sv,
                                  "picture of "sv,
                                  "image of "sv,
                                  "photo of "sv};

constexpr std::size_t longest_opening() {
  std::size_t longest = 0;
  for (const auto opening : kOpenings) longest = std::max(longest, opening.size());
  return longest;
}

char lower_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_with(std::string_view text, std::string_view opening) {
  return text.size() >= opening.size() &&
         std::equal(opening.begin(), opening.end(), text.begin(),
                    [](char a, char b) { return a == lower_letter(b); });
}

}  // namespace

std::string without_opening(std::string_view caption) {
  std::string_view rest = caption;
  // "there is a picture of a cat" has two.
  for (bool found = true; found;) {
    found = false;
    for (const auto opening : kOpenings) {
      if (begins_with(rest, opening) && rest.size() > opening.size()) {
        rest.remove_prefix(opening.size());
        found = true;
        break;
      }
    }
  }
  return std::string(rest);
}

std::string_view up_to_stop(std::string_view text, const std::vector<std::string>& stops) {
  std::size_t end = text.size();
  for (const auto& stop : stops) {
    if (!stop.empty()) end = std::min(end, text.find(stop));
  }
  return text.substr(0, end);
}

std::string TextFilter::apply(std::string_view text) const {
  const std::string_view cut = up_to_stop(text, stops);
  return strip_opening ? without_opening(cut) : std::string(cut);
}

std::string FilteredText::add(std::string_view piece) {
  written_ += piece;
  // Two openings may follow each other.
  if (filter_.strip_opening && written_.size() <= 2 * longest_opening()) return {};
  std::string known = filter_.apply(written_);
  std::size_t held_back = 0;
  for (const auto& stop : filter_.stops) {
    if (stop.size() > 1) held_back = std::max(held_back, stop.size() - 1);
  }
  std::size_t end = known.size() - std::min(known.size(), held_back);
  // Not in the middle of a character.
  while (end > 0 && end < known.size() && (static_cast<unsigned char>(known[end]) & 0xC0) == 0x80) {
    --end;
  }
  known.resize(end);
  std::string news = rest_of(known);
  passed_ += news;
  return news;
}

std::string FilteredText::rest_of(std::string_view whole) const {
  return whole.starts_with(passed_) ? std::string(whole.substr(passed_.size())) : std::string();
}

}  // namespace blip::serve
