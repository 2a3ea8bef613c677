// The check sums of a PNG's pixels, which Pillow does not look at and libpng insists on.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace blip::image {

/// The file with the check sums that its pixel chunks (IDAT) should have; nothing if they have them
/// already, or if the chunks are broken off. The zlib stream inside has a check sum of its own,
/// which both look at.
std::optional<std::vector<std::byte>> with_right_check_sums(std::span<const std::byte> bytes);

}  // namespace blip::image
