// Any bytes as a tar shard: indexed, or refused with blip::Error. What is accepted must lie within
// the bytes, and reading every sample must not reach beyond them either.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "blip/error.hpp"
#include "dataset/shard.hpp"
#include "dataset/tar_index.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename Read>
void try_to(Read&& read) {
  try {
    read();
  } catch (const blip::Error& error) {
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const blip::dataset::ByteSource source = {
      "fuzz", size, [&](std::uint64_t offset, std::span<std::byte> target) {
        require(offset <= size && target.size() <= size - offset);
        if (!target.empty()) std::memcpy(target.data(), data + offset, target.size());
      }};
  try_to([&] {
    for (const auto& member : blip::dataset::index_tar(source)) {
      require(member.offset <= size && member.size <= size - member.offset);
      require(!member.name.empty() && member.name.size() <= blip::dataset::kMaxTarNameBytes);
    }
  });
  try_to([&] {
    const blip::dataset::Shard shard(source);
    for (std::size_t i = 0; i < shard.size(); ++i) {
      try_to([&] { require(!shard.read(i).pictures.empty()); });
    }
  });
  return 0;
}
