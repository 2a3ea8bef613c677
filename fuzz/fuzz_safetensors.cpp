// Any bytes as a safetensors file, and as a shard index: parsed, or refused with blip::Error. What
// is accepted must keep the promises that the rest of the library builds on.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "blip/error.hpp"
#include "checkpoint/safetensors.hpp"
#include "checkpoint/shard_index.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

void check(const blip::CheckpointTensor& tensor, std::span<const std::byte> file) {
  std::uint64_t count = 1;
  for (const std::int64_t size : tensor.shape) {
    require(size >= 0);
    count *= static_cast<std::uint64_t>(size);
  }
  require(count * blip::size_of(tensor.dtype) == tensor.bytes.size());
  require(tensor.bytes.data() >= file.data() &&
          tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  try_to([&] {
    for (const auto& tensor : blip::parse_safetensors(file, "fuzz")) check(tensor, file);
  });
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& shard : blip::parse_shard_index(text, "fuzz")) {
      require(shard.file.find('/') == std::string::npos && shard.file != "..");
    }
  } catch (const blip::Error& error) {
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
