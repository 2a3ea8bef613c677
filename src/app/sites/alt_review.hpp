// The review file between finding images without alternative text and writing it: a JSON object in
// each line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/sites/site.hpp"

namespace blip::app {

struct ReviewEntry {
  std::string page = {};  ///< its path
  std::size_t line = 0;
  std::string src = {};
  std::optional<std::string> alt = {};         ///< what is there now
  std::optional<std::string> suggestion = {};  ///< nothing: the image is left alone
  std::string note = {};                       ///< why there is no suggestion
};

/// Longer suggestions are refused.
inline constexpr std::size_t kMaxAltBytes = 2000;
inline constexpr std::size_t kMaxReviewBytes = std::size_t{256} << 20;

/// A line, without its end.
std::string review_line(const ReviewEntry& entry);
/// Of a whole file; `name` stands for it in messages. Throws malformed or limit_exceeded.
std::vector<ReviewEntry> read_review(std::string_view text, const std::string& name);

/// A page with the suggestions of `entries`, all else byte for byte as it was; and those entries
/// whose image is not there any more, or has text by now.
struct WrittenPage {
  std::string bytes;
  std::size_t written = 0;
  std::vector<ReviewEntry> not_found;
};
WrittenPage page_with_alt(std::string_view page, PageLanguage language,
                          const std::vector<ReviewEntry>& entries);

}  // namespace blip::app
