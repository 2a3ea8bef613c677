#include "train/model/caption_sampler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "small_models.hpp"

namespace blip::train {
namespace {

constexpr std::int64_t kEnd = 3;

class CaptionSampler : public testing::Test {
 protected:
  CaptioningModel model = make_captioning_model(small_config(), small_options());
  torch::Tensor states;

  CaptionSampler() {
    model.parameters.initialise(seeded(4));
    const torch::NoGradGuard no_grad;
    model.language_model_head.bias.normal_(0.0, 1.0, seeded(5));
    states = model.vision.forward(small_images(3), /*training=*/false);
  }

  // What the decoder without a cache expects after `ids` [A, T], for captions of the pictures in
  // turn: [A, V]
  [[nodiscard]] torch::Tensor logits_after(const torch::Tensor& ids, std::int64_t samples) const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor counts = torch::full({states.size(0)}, samples, torch::kInt64);
    const torch::Tensor hidden = model.decoder.decode({ids, torch::ones_like(ids)},
                                                      CrossStates{{states}, {}, counts}, false);
    return model.language_model_head.logits(hidden.select(1, ids.size(1) - 1));
  }
  TextBatch draw(const CaptionSamplerOptions& options) const {
    return draw_captions(model.decoder, model.language_model_head, states, {28, 7}, options,
                         seeded(11));
  }
};

TEST_F(CaptionSampler, GreedyCaptionsAreTheLikeliestTokens) {
  const TextBatch captions =
      draw({.samples = 1, .is_greedy = true, .max_tokens = 10, .end_token = kEnd});
  EXPECT_EQ(captions.ids.size(0), 3);
  EXPECT_TRUE(captions.mask.slice(1, 0, 2).eq(1).all().item<bool>());
  torch::Tensor goes_on = torch::ones({3}, torch::kInt64);
  for (std::int64_t t = 2; t < captions.ids.size(1); ++t) {
    const torch::Tensor wanted = logits_after(captions.ids.slice(1, 0, t), 1).argmax(-1);
    EXPECT_TRUE(captions.mask.select(1, t).equal(goes_on)) << t;
    EXPECT_TRUE(captions.ids.select(1, t).equal(wanted * goes_on)) << t;
    goes_on = goes_on * wanted.ne(kEnd).to(torch::kInt64);
  }
}

TEST_F(CaptionSampler, DrawsTokensByTheirProbability) {
  constexpr std::int64_t kSamples = 4000;
  const TextBatch captions = draw({.samples = kSamples, .max_tokens = 4, .end_token = kEnd});
  ASSERT_EQ(captions.ids.size(0), 3 * kSamples);
  // The first token of the first picture, and the second after the commonest first.
  const torch::Tensor mine = captions.ids.slice(0, 0, kSamples);
  const auto compare = [&](const torch::Tensor& drawn, const torch::Tensor& given) {
    const torch::Tensor probabilities =
        torch::softmax(logits_after(given.unsqueeze(0).expand({3, -1}), 1)[0], -1);
    const auto count = static_cast<double>(drawn.size(0));
    const torch::Tensor shares = torch::bincount(drawn, {}, 30).to(torch::kFloat32) / count;
    // Five standard deviations of a share.
    const torch::Tensor limit = 5 * torch::sqrt(probabilities * (1 - probabilities) / count);
    EXPECT_TRUE((shares - probabilities).abs().le(limit + 1e-4).all().item<bool>())
        << (shares - probabilities) / limit;
  };
  compare(mine.select(1, 2), torch::tensor({28L, 7L}, torch::kInt64));
  const torch::Tensor commonest = torch::bincount(mine.select(1, 2), {}, 30).argmax();
  if (commonest.item<std::int64_t>() != kEnd) {
    const torch::Tensor rows = mine.select(1, 2).eq(commonest);
    compare(mine.select(1, 3).masked_select(rows),
            torch::cat({torch::tensor({28L, 7L}, torch::kInt64), commonest.view(1)}));
  }
}

TEST_F(CaptionSampler, EndsCaptionsAndCutsThemOff) {
  const TextBatch captions = draw({.samples = 50, .max_tokens = 9, .end_token = kEnd});
  EXPECT_LE(captions.ids.size(1), 9);
  for (std::int64_t row = 0; row < captions.ids.size(0); ++row) {
    bool has_ended = false;
    for (std::int64_t t = 2; t < captions.ids.size(1); ++t) {
      const auto id = captions.ids[row][t].item<std::int64_t>();
      EXPECT_EQ(captions.mask[row][t].item<std::int64_t>(), has_ended ? 0 : 1);
      EXPECT_TRUE(!has_ended || id == 0);
      has_ended = has_ended || id == kEnd;
    }
  }
  EXPECT_THAT([&] { draw({.max_tokens = 2}); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("behind a prompt of 2")));
  EXPECT_THAT([&] { draw({.max_tokens = 13}); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("a decoder of 12 positions")));
}

}  // namespace
}  // namespace blip::train
