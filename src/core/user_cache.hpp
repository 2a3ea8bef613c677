// Where a program of this user keeps what it can make again.
#pragma once

#include <filesystem>

namespace blip {

/// $XDG_CACHE_HOME/blip, or ~/.cache/blip without it. Empty if neither is an absolute path: there
/// is nowhere to keep anything.
std::filesystem::path user_cache_directory();

/// Where it keeps what took long to make: $XDG_DATA_HOME/blip, or ~/.local/share/blip without it.
/// Empty as above.
std::filesystem::path user_data_directory();

}  // namespace blip
