// What x86 processors offer beyond the instruction sets that Highway dispatches between.
#pragma once

#include <array>
#include <cstdint>

namespace blip {

/// In the order in which they extend each other.
enum class X86Extension {
  none,
  avx512_vnni,  ///< integer dot products
  amx,          ///< products of tiles of int8 and of bfloat16
};

/// The best of this machine; none where Highway dispatches to less than AVX-512. Asks Linux for the
/// use of AMX's tiles, which a process must.
[[nodiscard]] X86Extension best_x86_extension();

/// From now on nothing better than `most` is used, in the whole process: to compare the paths, and
/// to test each.
void limit_x86_extension(X86Extension most);

/// AMX's tile registers, all of them 16 rows of 64 bytes. What _tile_loadconfig reads (Intel's
/// manual, volume 1, 18.2).
struct alignas(64) AmxTileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes = {64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(AmxTileConfig) == 64);

}  // namespace blip
