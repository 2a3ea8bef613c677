// Any bytes as a tar shard: indexed, or refused with blip::Error. What is accepted must lie within
// the bytes, and reading every sample must not reach beyond them either.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "dataset/shard.hpp"
#include "dataset/tar_index.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

// A change to a header is all but sure to be refused by its checksum; so they are put right, to see
// what lies behind.
void mend_checksums(std::vector<std::uint8_t>& archive) {
  constexpr std::size_t kBlock = 512;
  constexpr std::size_t kChecksum = 148;
  for (std::size_t block = 0; block + kBlock <= archive.size(); block += kBlock) {
    std::uint8_t* const header = archive.data() + block;
    if (std::memcmp(header + 257, "ustar", 5) != 0) continue;
    std::memset(header + kChecksum, ' ', 8);
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += header[i];
    for (std::size_t i = kChecksum + 6; i-- > kChecksum; sum /= 8) {
      header[i] = static_cast<std::uint8_t>('0' + sum % 8);
    }
    header[kChecksum + 6] = 0;
  }
}

void read_all(const std::vector<std::uint8_t>& archive) {
  const std::size_t size = archive.size();
  const blip::dataset::ByteSource source = {
      "fuzz", size, [&](std::uint64_t offset, std::span<std::byte> target) {
        require(offset <= size && target.size() <= size - offset);
        if (!target.empty()) std::memcpy(target.data(), archive.data() + offset, target.size());
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
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> archive(data, data + size);
  read_all(archive);
  mend_checksums(archive);
  read_all(archive);
  return 0;
}
