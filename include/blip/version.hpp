// The version of these headers, and that of the library they are used with.
#pragma once

#include <string_view>

#include "blip/export.hpp"

// CMakeLists.txt reads them here.
#define BLIP_VERSION_MAJOR 0
#define BLIP_VERSION_MINOR 1
#define BLIP_VERSION_PATCH 0

namespace blip {

/// "MAJOR.MINOR.PATCH" of the library that is linked. Until 1.0 a library goes with headers of the
/// same MAJOR.MINOR only, which its soname says as well.
[[nodiscard]] BLIP_API std::string_view version() noexcept;

}  // namespace blip
