// A whole file in memory, with an error message for every way that can fail.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace blip::image {

/// A pipe is read to its end, and waited for until someone writes to it. Throws not_found,
/// unreadable (no permission, a directory, a socket, a device), malformed (an empty file) or
/// limit_exceeded (over 1 GiB).
std::vector<std::byte> read_file(const std::filesystem::path& path);

/// All that comes on standard input, by the name "standard input". Throws as read_file does.
std::vector<std::byte> read_standard_input();

}  // namespace blip::image
