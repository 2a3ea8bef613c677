// The hashes by which the hub names what a file holds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace blip::hub {

/// Whether a file holds what its etag promises. 64 hexadecimal digits are its SHA-256 (how
/// the hub names large files), 40 are a SHA-1: git's, over a header and the content (how it names
/// small ones), or that of the content alone (how mirrors do). Other etags promise nothing. Empty
/// if it is, else which hash the content has. Throws as OpenFile does.
std::string checksum_problem(const std::filesystem::path& file, std::string_view etag);

/// 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace blip::hub
