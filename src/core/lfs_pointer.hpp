// Git LFS pointers: what lies in a checkout in place of a file that `git lfs pull` has not fetched.
#pragma once

#include <string>
#include <string_view>

namespace blip {

/// Whether a file that begins with `bytes` is such a pointer: three lines of text, of which the
/// first names the specification.
[[nodiscard]] bool is_lfs_pointer(std::string_view bytes) noexcept;

/// Throws malformed, naming the file and the remedy, if it is one.
void refuse_lfs_pointer(std::string_view bytes, const std::string& name);

}  // namespace blip
