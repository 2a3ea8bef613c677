// ContactSheet: photos as a page of HTML that one can look at, in one file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace blip::app {

struct SheetPhoto {
  std::string path;                              ///< any bytes
  std::optional<std::vector<std::byte>> jpeg{};  ///< none: it cannot be read
  std::string note{};                            ///< a score, a size
  std::string caption{};
};

struct SheetGroup {
  std::string heading{};
  std::vector<SheetPhoto> photos;
};

/// The page has no script and asks for nothing: thumbnails are in it, and a policy forbids the
/// rest. Names, notes and captions are strangers'; as text, they cannot end what they are in. A
/// photo's name leads to the file.
std::string contact_sheet(const std::string& title, const std::vector<SheetGroup>& groups);

}  // namespace blip::app
