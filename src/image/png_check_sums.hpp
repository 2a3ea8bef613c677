// What Pillow does not look at in a PNG and libpng insists on: the check sums of the pixels'
// chunks, and what should come behind the last pixel.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace blip::image {

/// The file with the check sums that its pixel chunks (IDAT) should have, and with an end if it
/// breaks off within the last of them. Nothing if there is nothing to mend, or if the zlib stream
/// inside, whose own check sum Pillow looks at, is damaged.
std::optional<std::vector<std::byte>> with_right_check_sums(std::span<const std::byte> bytes);

}  // namespace blip::image
