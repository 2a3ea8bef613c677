// Any bytes as each of the files that `blip eval` reads: parsed, or refused with blip::Error. The
// first byte says which.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "blip/error.hpp"
#include "eval/caption_files.hpp"
#include "eval/npy_matrix.hpp"
#include "eval/retrieval_pairs.hpp"
#include "eval/vqa_files.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

void read_captions(std::string_view text) {
  const auto references = blip::eval::parse_references(text, "references");
  require(references.texts.size() == references.images.names().size());
  for (const auto& texts : references.texts) require(!texts.empty());
  const auto results = blip::eval::parse_caption_results(text, "results");
  const auto judged = blip::eval::pair_captions(results, "results", references, "references");
  require(judged.set.captions.size() == judged.set.references.size());
}

void read_answers(std::string_view text) {
  const auto annotations = blip::eval::parse_vqa_annotations(text, "annotations");
  require(annotations.ids.size() == annotations.questions.size());
  const auto results = blip::eval::parse_vqa_results(text, "results");
  const auto answers = blip::eval::pair_answers(results, "results", annotations, "annotations");
  require(answers.size() == annotations.ids.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      try_to([&] { read_captions(text); });
      break;
    case 1:
      try_to([&] { read_answers(text); });
      break;
    case 2:
      try_to([&] {
        const auto matrix = blip::eval::parse_npy_matrix(text, "scores");
        require(matrix.values.size() == matrix.rows * matrix.columns);
      });
      break;
    default:
      try_to([&] { blip::eval::parse_image_of_text(text, "pairs"); });
  }
  return 0;
}
