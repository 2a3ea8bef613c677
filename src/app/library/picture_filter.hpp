// PictureFilter: which pictures of a library a search is about, by date, name, place, camera and
// tags.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "search/library_index.hpp"

namespace blip::app {

/// "2024", "2024-06" or "2024-06-01" as the first moment of it, "2024-06-01T00:00:00". Throws
/// invalid_argument for anything else.
std::string first_moment(const std::string& date);

/// When a picture was taken, "2024-06-01T12:30:00"; where it does not say, the time of its file.
std::string moment_of(const search::KnownPicture& picture);

/// A place and all within some kilometres of it.
struct Surroundings {
  double latitude = 0.0;  ///< degrees, north and east positive
  double longitude = 0.0;
  double radius_km = 0.0;

  [[nodiscard]] bool contain(double latitude, double longitude) const;
};

/// "48.8,2.3,10km" or "48.8,2.3,500m". Throws invalid_argument for anything else.
Surroundings surroundings_of(const std::string& text);

struct PictureFilter {
  std::optional<std::string> after{};   ///< taken at this moment or later
  std::optional<std::string> before{};  ///< taken earlier than this moment
  /// Shell patterns, one of which fits the path, or the end of it that begins at a "/":
  /// "Trips/*". "*" fits "/" too. None: every path.
  std::vector<std::string> paths{};
  /// Shell patterns, one of which fits the name of the camera or some words of it, in capitals or
  /// not: "canon", "EOS*D". None: every camera, and photos that do not name one.
  std::vector<std::string> cameras{};
  std::optional<Surroundings> near{};  ///< not photos without a place
  std::vector<std::string> tags{};     ///< all of which the index has for the photo

  [[nodiscard]] bool empty() const {
    return !after && !before && paths.empty() && cameras.empty() && !near && tags.empty();
  }
  /// All but the tags, which the picture does not know. A photo that does not say when it was taken
  /// counts as of the time of its file.
  [[nodiscard]] bool fits(const search::KnownPicture& picture) const;
};

/// The pictures of the index that the filter leaves, by id. `visit` sees each, if there is one.
std::vector<std::int64_t> admitted_pictures(
    search::LibraryIndex& index, const PictureFilter& filter,
    const std::function<void(const search::KnownPicture& picture)>& visit = {});

}  // namespace blip::app
