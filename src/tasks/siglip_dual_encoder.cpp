// SigLIP as a dual encoder.
#include <utility>

#include "architectures/siglip/family.hpp"
#include "blip/siglip.hpp"
#include "tasks/feature_dual_encoder.hpp"

namespace blip {
namespace {

class SiglipEncoder final : public FeatureDualEncoder<SiglipModel> {
 public:
  using FeatureDualEncoder::FeatureDualEncoder;

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return kSiglipModel.name;
  }
  [[nodiscard]] LabelSimilarity label_similarity() const noexcept override {
    return {.scale = model().similarity_scale(),
            .bias = model().similarity_bias(),
            .scores = LabelScores::sigmoid};
  }
  // As many tokens as the model has positions: a longer text loses its last words, a shorter one is
  // padded, as SigLIP was trained.
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text,
                                            TextStyle /*style*/) const override {
    EncodeOptions options;
    options.max_length =
        static_cast<std::size_t>(model().config().text_config.max_position_embeddings);
    std::vector<TokenId> ids = tokenizer().encode(text, options);
    ids.resize(options.max_length, tokenizer().special_tokens().pad);
    return ids;
  }
};

}  // namespace

std::shared_ptr<const DualEncoder> open_siglip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead /*matching_head*/) {
  return std::make_shared<const SiglipEncoder>(std::move(tokenizer),
                                               SiglipModel::from_pretrained(model, options));
}

}  // namespace blip
