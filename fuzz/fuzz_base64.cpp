// Any bytes as base64: refused, or decoded to bytes that encode to the same digits.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expectations.hpp"
#include "serve/dialects/base64.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace blip::serve;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = decode_base64(text)) {
    require(bytes->size() <= size / 4 * 3 + 3);
    require(decode_base64(encode_base64(*bytes)) == bytes);
  }
  require(decode_base64(encode_base64(text)) == text);
  try_to([&] {
    const Picture picture = picture_of_text(text, "image");
    if (const auto* bytes = std::get_if<PictureBytes>(&picture)) require(!bytes->bytes.empty());
  });
  return 0;
}
