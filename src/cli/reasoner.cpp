#include "cli/reasoner.hpp"

#include <span>
#include <utility>

#include "blip/text_style.hpp"
#include "cli/input/model_download.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

// Of BLIP's NLVR2 data set.
constexpr int kStatementWords = 40;

}  // namespace

Reasoner::Reasoner(const ReasonOptions& options)
    : Reasoner(options, find_model(options.model.name, options.output.quiet)) {}

Reasoner::Reasoner(const ReasonOptions& options, const std::filesystem::path& model)
    : reader_(model, options.model.image_size, options.inputs.pictures),
      model_(BlipForNLVR::from_pretrained(model, {.weight_type = options.model.weight_type})),
      context_({.num_threads = options.model.threads}) {}

void Reasoner::see(Images images) {
  for (const LoadedImage* image : images) {
    auto encoded = model_.encode_images(image->inputs.pixel_values, context_);
    seen_.push_back(std::move(encoded.front()));
  }
}

std::vector<float> Reasoner::judge(const std::vector<std::string>& statements) {
  if (seen_.size() != 2) return {};
  std::vector<std::vector<TokenId>> tokens;
  tokens.reserve(statements.size());
  for (const std::string& statement : statements) {
    tokens.push_back(
        reader_.processor().tokenizer().encode(pre_caption(statement, kStatementWords)));
  }
  const std::span<const EncodedImage> seen = seen_;
  const Tensor logits = model_.logits(seen.first(1), seen.last(1), tokens, context_);
  std::vector<float> probabilities;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    probabilities.push_back(probability_of_second(row_of(logits, i)));
  }
  return probabilities;
}

}  // namespace blip::cli
