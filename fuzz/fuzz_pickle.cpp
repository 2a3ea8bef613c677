// Any bytes as a file of torch.save, in either container, or as the pickle in one: read, or refused
// with blip::Error. What is accepted must keep the promises that the rest of the library builds on.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "checkpoint/torch_file.hpp"
#include "checkpoint/zip_directory.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

// Storages that a bare pickle names get their bytes from here; larger ones count as missing.
constexpr std::size_t kStorageBytes = std::size_t{1} << 16;

bool is_inside(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// Every byte of every tensor is there, and adding them up touches each: AddressSanitizer watches.
unsigned touch(const blip::TorchFile& file) {
  unsigned sum = 0;
  std::string_view before;
  for (const blip::CheckpointTensor& tensor : file.tensors) {
    std::uint64_t count = 1;
    for (const std::int64_t size : tensor.shape) {
      require(size >= 0);
      count *= static_cast<std::uint64_t>(size);
    }
    require(count * blip::size_of(tensor.dtype) == tensor.bytes.size());
    require(before.data() == nullptr || before < tensor.name);
    before = tensor.name;
    for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
  }
  return sum;
}

void read_pickle(std::span<const std::byte> bytes) {
  static const std::vector<std::byte> kZeros(kStorageBytes);
  blip::TorchObjects objects("fuzz");
  blip::ByteReader reader(bytes, "fuzz");
  const blip::PickleValue root = objects.run(reader);
  for (blip::TorchStorage& storage : objects.storages()) {
    const std::size_t element = blip::size_of(storage.dtype);
    if (static_cast<std::uint64_t>(storage.elements) > kStorageBytes / element) return;
    storage.bytes = std::span(kZeros).first(static_cast<std::size_t>(storage.elements) * element);
  }
  touch(blip::collect_state_dict(objects, root, bytes.size(), "fuzz"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  if (blip::is_zip(file)) {
    try_to([&] {
      for (const blip::ZipEntry& entry : blip::read_zip_directory(file, "fuzz")) {
        require(is_inside(entry.bytes, file));
      }
      touch(blip::parse_torch_zip(file, "fuzz"));
    });
  } else if (blip::is_torch_legacy(file)) {
    try_to([&] { touch(blip::parse_torch_legacy(file, "fuzz")); });
  } else {
    try_to([&] { read_pickle(file); });
  }
  return 0;
}
