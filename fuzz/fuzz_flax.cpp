// Any bytes as a Flax msgpack file: parsed, or refused with blip::Error. What is accepted must keep
// the promises that the rest of the library builds on.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "blip/error.hpp"
#include "checkpoint/flax_file.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

// Every byte is read, so that a sanitizer sees those that are not there.
void check(const blip::CheckpointTensor& tensor) {
  std::uint64_t count = 1;
  for (const std::int64_t size : tensor.shape) {
    require(size >= 0);
    count *= static_cast<std::uint64_t>(size);
  }
  require(count * blip::size_of(tensor.dtype) == tensor.bytes.size());
  unsigned sum = 0;
  for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
  require(sum <= 255 * tensor.bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try_to([&] {
    for (const auto& tensor : blip::parse_flax(bytes, "fuzz").tensors) check(tensor);
  });
  static_cast<void>(blip::is_flax(bytes));
  return 0;
}
