// Any bytes as a description of a sample, and as a list of them: read, or refused with blip::Error.
// What is accepted must be written and read back as it was.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "blip/error.hpp"
#include "dataset/annotation.hpp"
#include "dataset/annotation_list.hpp"
#include "dataset/text_preprocessing.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

void check(const blip::dataset::Sample& sample) {
  const std::string json = blip::dataset::annotation_json(sample);
  if (json.size() > blip::dataset::kMaxAnnotationBytes) return;
  require(blip::dataset::annotation_json(blip::dataset::parse_annotation(json, "fuzz")) == json);
  for (const auto& question : sample.questions) {
    for (const auto& answer : question.answers) require(answer.weight > 0 && answer.weight <= 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] { check(blip::dataset::parse_annotation(text, "fuzz")); });
  try_to([&] {
    const blip::dataset::AnnotationList list(
        {"fuzz", size,
         [&](std::uint64_t offset, std::span<std::byte> target) {
           require(offset <= size && target.size() <= size - offset);
           if (!target.empty()) std::memcpy(target.data(), data + offset, target.size());
         }},
        {});
    for (std::size_t i = 0; i < list.size(); ++i) check(list.annotation(i));
  });
  require(blip::dataset::pre_caption(text).size() <= 3 * size + 3);
  require(blip::dataset::pre_question(text).size() <= 3 * size + 3);
  return 0;
}
