#include "train/model/token_layout.hpp"

#include <gtest/gtest.h>

#include "small_models.hpp"

namespace blip::train {
namespace {

// Three texts of 3, 1 and 2 tokens; the first two are of one picture.
torch::Tensor mask() {
  return torch::tensor({{1L, 1L, 1L}, {1L, 0L, 0L}, {1L, 1L, 0L}}, torch::kInt64);
}
torch::Tensor tokens() {
  return torch::arange(1, 7, torch::kFloat32).view({6, 1});
}

TEST(TokenLayout, HasARowForEachText) {
  const TokenLayout layout = TokenLayout::by_text(mask());
  const torch::Tensor rows = layout.rows(tokens());
  EXPECT_TRUE(
      rows.squeeze(-1).equal(torch::tensor({{1.0, 2.0, 3.0}, {4.0, 0.0, 0.0}, {5.0, 6.0, 0.0}})));
  EXPECT_TRUE(layout.list(rows).equal(tokens()));
  const TokenLayout full = TokenLayout::by_text(torch::ones({2, 3}, torch::kInt64));
  EXPECT_TRUE(full.list(full.rows(tokens())).equal(tokens()));
}

TEST(TokenLayout, HasARowForEachPicture) {
  const TokenLayout layout =
      TokenLayout::by_picture(mask(), torch::tensor({2L, 0L, 1L}, torch::kInt64));
  const torch::Tensor rows = layout.rows(tokens());
  EXPECT_TRUE(rows.squeeze(-1).equal(
      torch::tensor({{1.0, 2.0, 3.0, 4.0}, {0.0, 0.0, 0.0, 0.0}, {5.0, 6.0, 0.0, 0.0}})));
  EXPECT_TRUE(layout.list(rows).equal(tokens()));
}

// Padding changes nothing, nor does what else reads a picture.
TEST(TokenLayout, TextsAreReadAsIfEachWereAlone) {
  CaptioningModel model = make_captioning_model(small_config(), small_options());
  model.parameters.initialise(seeded(4));
  const torch::NoGradGuard no_grad;
  const torch::Tensor states = model.vision.forward(small_images(2), /*training=*/false);
  const TextBatch texts = small_texts(4);
  const torch::Tensor counts = torch::tensor({3L, 1L}, torch::kInt64);
  const torch::Tensor together =
      model.decoder.decode(texts, CrossStates{{states}, {}, counts}, false);
  for (std::int64_t row = 0; row < 4; ++row) {
    const auto length = texts.mask[row].sum().item<std::int64_t>();
    const auto of = [&](const torch::Tensor& ids) {
      return ids.slice(0, row, row + 1).slice(1, 0, length);
    };
    const torch::Tensor picture = states.slice(0, row / 3, row / 3 + 1);
    const torch::Tensor alone =
        model.decoder.decode({of(texts.ids), of(texts.mask)}, CrossStates{{picture}, {}}, false);
    EXPECT_TRUE(of(together).allclose(alone, 1e-5, 1e-6)) << row;
    EXPECT_TRUE(together[row].slice(0, length).eq(0).all().item<bool>());
  }
  TextTransformer all = model.decoder;
  all.skips_padding = false;
  const torch::Tensor with_padding = all.decode(texts, CrossStates{{states}, {}, counts}, false);
  EXPECT_TRUE(with_padding[0].allclose(together[0], 1e-5, 1e-6));
  EXPECT_FALSE(with_padding[1][4].eq(0).any().item<bool>());
}

TEST(Dropout, KeepsTheMean) {
  const torch::Tensor x = torch::full({1000, 301}, 2.0);
  for (const double rate : {0.1, 0.5}) {
    const torch::Tensor y = drop_out(x, rate);
    const double dropped = y.eq(0).to(torch::kFloat64).mean().item<double>();
    EXPECT_NEAR(dropped, rate, 0.005);  // five deviations are 0.0046
    EXPECT_NEAR(y.mean().item<double>(), 2.0, 0.02);
    // Elements that share a random number are dropped independently.
    const torch::Tensor zeros =
        y.flatten().slice(0, 0, 300'000).view({-1, 4}).eq(0).to(torch::kFloat64);
    const double both = (zeros.select(1, 0) * zeros.select(1, 3)).mean().item<double>();
    EXPECT_NEAR(both, rate * rate, 0.01);
  }
}

}  // namespace
}  // namespace blip::train
