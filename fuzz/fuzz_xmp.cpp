// Any bytes as a picture with metadata, and as an XMP packet: read and written, or refused with
// blip::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "metadata/embedded_text.hpp"
#include "metadata/xmp_packet.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

using namespace blip::metadata;

const PictureText kText{.description = "a cat", .subjects = {"cat"}, .alt = "A cat."};

void as_packet(std::string_view bytes) {
  for (const Existing existing : {Existing::keep, Existing::append}) {
    const MergeOptions options{.existing = existing};
    const PictureText before = text_of_xmp(bytes);
    const std::string written = with_text(bytes, kText, options, XmpForm::sidecar);
    const PictureText after = text_of_xmp(written);
    if (existing == Existing::keep && !before.alt.empty()) require(after.alt == before.alt);
    require(after.description.find(before.description) != std::string::npos);
    require(after.subjects.size() >= before.subjects.size());
  }
}

void as_picture(std::string_view bytes) {
  const Container container = container_of(bytes);
  (void)embedded_text(container);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_to([&] { as_packet(bytes); });
  try_to([&] { as_picture(bytes); });
  return 0;
}
