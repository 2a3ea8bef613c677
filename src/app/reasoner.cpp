#include "app/reasoner.hpp"

#include "architectures/registry.hpp"
#include "blip/text_style.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

// Of BLIP's NLVR2 data set.
constexpr int kStatementWords = 40;

}  // namespace

Reasoner::Reasoner(const ModelOptions& model)
    : pictures_(model.model, model.pictures, model.processor),
      tokenizer_(open_tokenizer(model.model, model.processor)),
      model_(BlipForNLVR::from_pretrained(model.model, {.weight_type = model.weight_type})) {}

std::vector<float> Reasoner::judge(const PreparedImage& left, const PreparedImage& right,
                                   std::span<const std::string> statements,
                                   Context& context) const {
  const auto left_image = model_.encode_images(left.pixel_values, context);
  const auto right_image = model_.encode_images(right.pixel_values, context);
  std::vector<std::vector<TokenId>> tokens;
  tokens.reserve(statements.size());
  for (const std::string& statement : statements) {
    tokens.push_back(tokenizer_->encode(pre_caption(statement, kStatementWords)));
  }
  const Tensor logits = model_.logits(left_image, right_image, tokens, context);
  std::vector<float> probabilities;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    probabilities.push_back(probability_of_second(row_of(logits, i)));
  }
  return probabilities;
}

}  // namespace blip::app
