// What a photo's EXIF says of when, where and by what it was taken.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace blip::app {

struct PhotoFacts {
  std::optional<std::string> taken{};   ///< "2024-06-01T12:30:00", of the camera's clock
  std::optional<std::string> camera{};  ///< "Canon EOS 80D"
  std::optional<double> latitude{};     ///< degrees, north and east positive
  std::optional<double> longitude{};
};

/// Of a JPEG file's bytes. What is not there, or is no date or place, is left out; so is all of
/// another format.
PhotoFacts photo_facts(std::span<const std::byte> file);

}  // namespace blip::app
