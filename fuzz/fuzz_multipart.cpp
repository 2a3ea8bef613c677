// Any bytes as a form: parts that lie in the body one after the other, or refused with blip::Error.
// The first line is the content type.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "serve/http/multipart.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string_view type = body.substr(0, body.find('\n'));
  body.remove_prefix(type.size() < body.size() ? type.size() + 1 : body.size());
  try_to([&] {
    const auto parts = blip::serve::parse_form(type, body);
    require(parts.size() <= blip::serve::kMaxFormParts);
    const char* behind = body.data();
    for (const auto& part : parts) {
      // The views of one part lie before those of the next.
      require(part.name.data() >= behind);
      if (!part.content.empty()) {
        require(part.content.data() >= part.name.data() + part.name.size());
        behind = part.content.data() + part.content.size();
      }
      require(behind <= body.data() + body.size());
    }
  });
  return 0;
}
