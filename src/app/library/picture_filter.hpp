// PictureFilter: which pictures of a library a search is about, by date and name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/library_index.hpp"

namespace blip::app {

/// "2024", "2024-06" or "2024-06-01" as the first moment of it, "2024-06-01T00:00:00". Throws
/// invalid_argument for anything else.
std::string first_moment(const std::string& date);

struct PictureFilter {
  std::optional<std::string> after{};   ///< taken at this moment or later
  std::optional<std::string> before{};  ///< taken earlier than this moment
  /// Shell patterns, one of which fits the path, or the end of it that begins at a "/":
  /// "Trips/*". "*" fits "/" too. None: every path.
  std::vector<std::string> paths{};

  [[nodiscard]] bool empty() const { return !after && !before && paths.empty(); }
  /// A photo that does not say when it was taken counts as of the time of its file.
  [[nodiscard]] bool fits(const search::KnownPicture& picture) const;
};

}  // namespace blip::app
