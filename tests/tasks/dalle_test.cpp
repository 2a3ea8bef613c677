// DALL-E against min-dalle's modules, with weights made from the tensors' names
// (tools/reference/make_dalle_fixtures.py).
#include "blip/dalle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "filled_model.hpp"
#include "generate/image_codes.hpp"
#include "model/dalle_decoder.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

using Codes = std::vector<TokenId>;

constexpr int kLength = 16;
constexpr int kBook = 60;

const nlohmann::json& dalle_golden() {
  static const nlohmann::json kGolden = read_golden("dalle.json");
  return kGolden;
}

const FilledModel& filled_dalle(const char* name = "scaled") {
  static const FilledModel kScaled("scaled", "dalle.json");
  static const FilledModel kUnscaled("unscaled", "dalle.json");
  return std::string_view(name) == "scaled" ? kScaled : kUnscaled;
}

Codes text(const char* name = "text") {
  return dalle_golden().at(name).get<Codes>();
}

DrawingOptions greedy() {
  return {.top_k = 1, .decoder_start_token_id = dalle_golden().at("start").get<TokenId>()};
}

// As make_dalle_fixtures.py lays out codes for four pictures.
Codes four_pictures() {
  Codes codes;
  for (int i = 0; i < 4 * kLength; ++i) codes.push_back(i * 7919 % kBook);
  return codes;
}

std::vector<float> every(std::span<const float> values, std::size_t step) {
  std::vector<float> kept;
  for (std::size_t i = 0; i < values.size(); i += step) kept.push_back(values[i]);
  return kept;
}

class Dalle : public ::testing::TestWithParam<const char*> {};

TEST_P(Dalle, DrawsWhatMinDalleDraws) {
  const FilledModel& filled = filled_dalle(GetParam());
  const auto& golden = filled.golden();
  Context context({.num_threads = 2});
  const DalleModel model = DalleModel::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  const Tensor states = model.encode_text(text(), context);
  expect_values(states.data, golden.at("states"), 2e-5, "states");
  EXPECT_EQ(model.draw_codes(states, greedy(), context), golden.at("greedy").get<Codes>());

  DrawingOptions options = greedy();
  options.decoder_start_token_id.reset();  // the configuration's, 64
  EXPECT_EQ(model.draw_codes(states, options, context), golden.at("other_start").get<Codes>());
  options = greedy();
  options.supercondition_factor = 1.0F;
  EXPECT_EQ(model.draw_codes(states, options, context), golden.at("unguided").get<Codes>());

  const Tensor pixels = model.decode_codes(four_pictures(), context);
  ASSERT_EQ(pixels.shape, (std::vector<std::int64_t>{4, 16, 16, 3}));
  const std::span<const float> all(pixels.data);
  expect_values(all.first(16 * 16 * 3), golden.at("pixels"), 2e-5, "pixels");
  expect_values(every(all.subspan(16 * 16 * 3, 16 * 16 * 3), 7), golden.at("second_picture"), 2e-5,
                "second picture");
  const Tensor seamless = model.decode_seamless(four_pictures(), context);
  ASSERT_EQ(seamless.shape, (std::vector<std::int64_t>{1, 32, 32, 3}));
  expect_values(every(seamless.data, 7), golden.at("seamless"), 2e-5, "seamless");
}

// Of a text that is too long the empty text has the last token that is read, as in min-dalle.
TEST_P(Dalle, ReadsTheBeginningOfLongTexts) {
  const FilledModel& filled = filled_dalle(GetParam());
  Context context({.num_threads = 1});
  const DalleModel model = DalleModel::from_pretrained(filled.path());
  const Tensor states = model.encode_text(text("long"), context);
  EXPECT_EQ(states.shape[0], 2 + 16);
  EXPECT_EQ(model.draw_codes(states, greedy(), context), filled.golden().at("long").get<Codes>());
}

INSTANTIATE_TEST_SUITE_P(NormWeights, Dalle, ::testing::Values("scaled", "unscaled"));

TEST(DalleDecoderSteps, HaveMinDallesLogits) {
  const FilledModel& filled = filled_dalle();
  const auto& golden = filled.golden();
  Context context({.num_threads = 2});
  const Tensor states = DalleModel::from_pretrained(filled.path()).encode_text(text(), context);
  const Checkpoint checkpoint = Checkpoint::open(filled.path());
  ConvertedWeights converted;
  WeightLoader loader(checkpoint, WeightType::stored, converted);
  const DalleDecoder decoder(loader, DalleConfig::from_pretrained(filled.path()));
  const std::vector<std::int64_t> lengths = {2, 6};
  const auto caches = decoder.read_texts(states.data.data(), lengths, context);
  DalleDecoding decoding(decoder, caches, 1);
  std::vector<TokenId> previous = {dalle_golden().at("start").get<TokenId>()};
  std::vector<float> scores(kBook);
  for (std::size_t step = 0; step < 2; ++step) {
    const auto logits = decoding.step(previous, context);
    expect_values(logits, golden.at("logits")[step], 2e-5, "logits");
    supercondition(logits.first(kBook), logits.subspan(65, kBook), 16.0F, scores);
    expect_values(scores, golden.at("superconditioned")[step], 5e-4, "superconditioned");
    previous[0] = golden.at("greedy")[step];
  }
}

TEST(DallePictures, AreThoseOfTheirSeedAlone) {
  Context one({.num_threads = 1});
  Context three({.num_threads = 3});
  const DalleModel model = DalleModel::from_pretrained(filled_dalle().path());
  const Tensor states = model.encode_text(text(), one);
  EXPECT_EQ(states.data, model.encode_text(text(), three).data);
  const DrawingOptions options = {.num_images = 9, .seed = 7, .temperature = 2.0F, .top_k = 20};
  const Codes nine = model.draw_codes(states, options, one);
  EXPECT_EQ(model.draw_codes(states, options, three), nine);
  // A picture does not depend on how many are drawn with it: 18 rows, and 2.
  DrawingOptions alone = options;
  alone.num_images = 1;
  const Codes first = model.draw_codes(states, alone, three);
  EXPECT_TRUE(std::ranges::equal(first, std::span(nine).first(kLength)));
  EXPECT_GT((std::set<Codes>{{nine.begin(), nine.begin() + kLength},
                             {nine.begin() + kLength, nine.begin() + 2 * kLength}})
                .size(),
            1U);
  alone.seed = 8;
  EXPECT_NE(model.draw_codes(states, alone, one), first);
  EXPECT_EQ(model.decode_codes(nine, one).data, model.decode_codes(nine, three).data);
}

TEST(DallePictures, AreShownAsTheyGrow) {
  Context context({.num_threads = 1});
  const DalleModel model =
      DalleModel::from_pretrained(filled_dalle().path(), {}, DalleStages::one_at_a_time);
  const Tensor states = model.encode_text(text(), context);
  std::vector<std::size_t> steps;
  const Codes codes = model.draw_codes(states, greedy(), context, [&](auto done, auto so_far) {
    steps.push_back(done);
    EXPECT_EQ(so_far.size(), static_cast<std::size_t>(kLength));
    for (std::size_t i = done; i < so_far.size(); ++i) EXPECT_EQ(so_far[i], kBook - 1);
    // The decoder goes on while what it drew is decoded.
    if (done == 8) {
      EXPECT_EQ(model.decode_codes(so_far, context).shape[0], 1);
    }
    return true;
  });
  EXPECT_EQ(steps.size(), static_cast<std::size_t>(kLength));
  EXPECT_EQ(codes, filled_dalle().golden().at("greedy").get<Codes>());
  expect_error(ErrorCode::cancelled, "stopped", [&] {
    static_cast<void>(
        model.draw_codes(states, greedy(), context, [](auto done, auto) { return done < 3; }));
  });
}

TEST(DalleWeights, OfOtherTypesStayClose) {
  Context context({.num_threads = 2});
  const Tensor exact =
      DalleModel::from_pretrained(filled_dalle().path()).encode_text(text(), context);
  for (const auto& [type, most] :
       {std::pair(WeightType::f16, 0.01), std::pair(WeightType::bf16, 0.08),
        std::pair(WeightType::i8, 0.15)}) {
    const DalleModel model =
        DalleModel::from_pretrained(filled_dalle().path(), {.weight_type = type});
    const Tensor states = model.encode_text(text(), context);
    EXPECT_NE(states.data, exact.data);
    for (std::size_t i = 0; i < states.data.size(); ++i) {
      EXPECT_NEAR(states.data[i], exact.data[i], most) << static_cast<int>(type);
    }
    // Int8 keeps keys and values of codes in float16.
    const Codes codes = model.draw_codes(states, greedy(), context);
    EXPECT_EQ(codes.size(), static_cast<std::size_t>(kLength));
  }
}

TEST(DalleArguments, OutOfRangeAreRefused) {
  Context context({.num_threads = 1});
  const DalleModel model = DalleModel::from_pretrained(filled_dalle().path());
  const auto encode = [&](const Codes& ids) { static_cast<void>(model.encode_text(ids, context)); };
  expect_error(ErrorCode::invalid_argument, "no tokens", [&] { encode({}); });
  expect_error(ErrorCode::invalid_argument, "token id 40 is outside", [&] { encode({0, 40}); });
  const Tensor states = model.encode_text(text(), context);
  const auto draw = [&](const DrawingOptions& options) {
    static_cast<void>(model.draw_codes(states, options, context));
  };
  expect_error(ErrorCode::invalid_argument, "num_images", [&] { draw({.num_images = 101}); });
  expect_error(ErrorCode::invalid_argument, "temperature", [&] { draw({.temperature = 0.0F}); });
  expect_error(ErrorCode::invalid_argument, "top_k", [&] { draw({.top_k = 0}); });
  expect_error(ErrorCode::invalid_argument, "decoder_start_token_id",
               [&] { draw({.decoder_start_token_id = 65}); });
  expect_error(ErrorCode::invalid_argument, "states of a text", [&] {
    static_cast<void>(model.draw_codes(Tensor{{2, 32}, std::vector<float>(64)}, {}, context));
  });
  for (const std::size_t elements : {std::size_t{0}, std::size_t{64}, std::size_t{95}}) {
    expect_error(ErrorCode::invalid_argument, "with that many elements", [&] {
      static_cast<void>(
          model.draw_codes(Tensor{{3, 32}, std::vector<float>(elements)}, {}, context));
    });
  }
  const auto decode = [&](const Codes& codes) {
    static_cast<void>(model.decode_codes(codes, context));
  };
  expect_error(ErrorCode::invalid_argument, "has 16 codes", [&] { decode(Codes(15, 0)); });
  expect_error(ErrorCode::invalid_argument, "code 60 is outside", [&] { decode(Codes(16, 60)); });
  expect_error(ErrorCode::invalid_argument, "square number",
               [&] { static_cast<void>(model.decode_seamless(Codes(32, 0), context)); });
}

TEST(PicturesOf, CutWhatIsBehindThePoint) {
  const Tensor pixels{{1, 1, 2, 3}, {-0.5F, 0.0F, 0.5F, 0.9999F, 1.0F, 3.0F}};
  const std::vector<Image> pictures = pictures_of(pixels);
  ASSERT_EQ(pictures.size(), 1U);
  const std::vector<std::uint8_t> bytes(pictures[0].pixels().begin(), pictures[0].pixels().end());
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{0, 0, 127, 254, 255, 255}));
}

TEST(PicturesOf, NeedsTheNumbersOfItsShape) {
  const auto refuse = [](std::vector<std::int64_t> shape, std::size_t elements) {
    expect_error(ErrorCode::invalid_argument, "pictures must be [N, H, W, 3] with that many", [&] {
      static_cast<void>(pictures_of({shape, std::vector<float>(elements)}));
    });
  };
  refuse({1, 2, 2}, 12);
  refuse({1, 2, 3, 2}, 12);
  refuse({1, 0, 2, 3}, 12);  // would never come to an end
  refuse({1, 2, 0, 3}, 12);
  refuse({1, 2, -2, 3}, 12);
  refuse({1, 2, 2, 3}, 13);  // would be read beyond
  refuse({2, 2, 2, 3}, 12);
  refuse({0, 2, 2, 3}, 12);
  refuse({1, std::int64_t{1} << 62, 4, 3}, 12);
  EXPECT_TRUE(pictures_of({{0, 2, 2, 3}, {}}).empty());
}

TEST(PicturesOf, WhatIsNoNumberIsBlack) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Image> pictures = pictures_of({{1, 1, 1, 3}, {nan, 1.0F, nan}});
  const std::vector<std::uint8_t> bytes(pictures[0].pixels().begin(), pictures[0].pixels().end());
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{0, 255, 0}));
}

TEST(PictureGrid, GoesByColumns) {
  std::vector<Image> pictures;
  for (std::uint8_t i = 0; i < 4; ++i) {
    pictures.emplace_back(1, 1, std::vector<std::uint8_t>{i, i, i});
  }
  const Image grid = picture_grid(pictures);
  const std::vector<std::uint8_t> bytes(grid.pixels().begin(), grid.pixels().end());
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{0, 0, 0, 2, 2, 2, 1, 1, 1, 3, 3, 3}));
  expect_error(ErrorCode::invalid_argument, "square number",
               [&] { static_cast<void>(picture_grid(std::span(pictures).first(3))); });
}

}  // namespace
}  // namespace blip
