// Any bytes as a KServe request with binary tensors: elements that lie in the body or in a copy of
// their own, or refused with blip::Error. The first line is Inference-Header-Content-Length.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "serve/dialects/kserve_tensors.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

bool lies_in(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string length(body.substr(0, body.find('\n')));
  body.remove_prefix(length.size() < body.size() ? length.size() + 1 : body.size());
  blip::serve::HttpRequest request;
  request.method = "POST";
  if (!length.empty()) request.headers.add("Inference-Header-Content-Length", length);
  request.body = std::make_shared<const std::string>(body);
  try_to([&] {
    const auto read = blip::serve::read_kserve_request(request);
    require(read.inputs.size() <= blip::serve::kMaxKserveTensors);
    for (const auto& input : read.inputs) {
      std::int64_t count = 1;
      for (const auto dimension : input.shape) count *= dimension;
      require(static_cast<std::size_t>(count) == input.elements.size());
      require(input.binary == (input.owner == request.body));
      for (const auto element : input.elements) require(lies_in(element, *input.owner));
      require(read.find(input.name) == &input);
    }
  });
  return 0;
}
