#include "cli/reasoner.hpp"

#include <span>
#include <utility>

#include "blip/text_style.hpp"
#include "cli/model_download.hpp"
#include "cli/tensor_rows.hpp"

namespace blip::cli {
namespace {

// Of BLIP's NLVR2 data set.
constexpr int kStatementWords = 40;

}  // namespace

Reasoner::Reasoner(const ReasonOptions& options)
    : Reasoner(options, find_model(options.model.name, options.output.quiet)) {}

Reasoner::Reasoner(const ReasonOptions& options, const std::filesystem::path& model)
    : reader_(model, options.model.image_size, options.inputs.exif_rotation),
      model_(BlipForNLVR::from_pretrained(model, {.weight_type = options.model.weight_type})),
      context_({.num_threads = options.model.threads}) {}

void Reasoner::see(Images images) {
  for (const LoadedImage* image : images) {
    auto encoded = model_.encode_images(image->inputs.pixel_values, context_);
    seen_.push_back(std::move(encoded.front()));
  }
}

std::vector<float> Reasoner::judge(const std::vector<std::string>& statements) {
  std::vector<float> probabilities;
  if (seen_.size() != 2) return probabilities;
  const std::span<const EncodedImage> seen = seen_;
  for (const std::string& statement : statements) {
    const auto tokens =
        reader_.processor().tokenizer().encode(pre_caption(statement, kStatementWords));
    const Tensor logits =
        model_.logits(seen.first(1), seen.last(1), std::span(&tokens, 1), context_);
    probabilities.push_back(probability_of_second(row_of(logits, 0)));
  }
  return probabilities;
}

}  // namespace blip::cli
