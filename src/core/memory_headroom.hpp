// require_headroom: asks for memory before code that does not survive having none.
#pragma once

#include <cstddef>

namespace blip {

/// What GLib and oneDNN take for a picture or a program, with room for other threads that ask at
/// the same time: GLib ends the process where malloc fails, and oneDNN writes its program all the
/// same.
inline constexpr std::size_t kHeadroom = std::size_t{64} << 20;

/// Whether so many bytes more could be had at this moment: false near the limit of addresses
/// (`ulimit -v`), and of what the machine has where it promises no more than that. What a control
/// group allows cannot be asked. Takes two microseconds.
[[nodiscard]] bool has_headroom(std::size_t bytes = kHeadroom) noexcept;

/// Whether so many bytes of a file could be mapped: addresses alone are asked for.
[[nodiscard]] bool has_addresses(std::size_t bytes) noexcept;

/// Throws std::bad_alloc where has_headroom is false.
void require_headroom(std::size_t bytes = kHeadroom);

}  // namespace blip
