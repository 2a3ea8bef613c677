// Files that somebody cuts short while they are mapped into memory.
#pragma once

#include <cstdint>

namespace blip::serve {

/// From here on, a page that a mapped file has no more reads as zeros, and the process lives:
/// without it, whoever truncates a model's file ends the server (SIGBUS). Call once, before there
/// are threads.
void survive_cut_files();

/// How many such pages were read. What was computed since the last one is worth nothing.
[[nodiscard]] std::uint64_t cut_pages() noexcept;

}  // namespace blip::serve
