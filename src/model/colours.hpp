#pragma once

#include <cstdint>

namespace blip {

/// Channels of the pixels that every tower reads: [3, H, W].
inline constexpr std::int64_t kColours = 3;

}  // namespace blip
