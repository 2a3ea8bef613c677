// The decoder's caching against itself without caching. What it computes is compared with
// transformers in tests/tasks and in tools/reference/parity_model.py.
#include "model/text_decoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "blip/error.hpp"
#include "random_text_model.hpp"

namespace blip {
namespace {

constexpr std::int64_t kTokens = 19;
constexpr std::array<std::int64_t, 2> kLengths = {kTokens, kTokens};
constexpr auto kVocabulary = static_cast<std::size_t>(RandomTextModel::kVocabulary);

class TextDecoderTest : public ::testing::Test {
 protected:
  TextDecoderTest()
      : caches_(random_.model.attend_to(random_.values(2 * kTokens * RandomTextModel::kStates),
                                        kLengths, context_)) {}

  // The logits after the last of `ids`, fed at once to a fresh decoder.
  std::vector<float> from_scratch(const std::vector<TokenId>& ids, int image) {
    TextDecoder decoder(random_.model, random_.head, images_, context_);
    const DecodeRow row{.image = image, .parent = -1, .tokens = ids};
    const auto logits = decoder.step(std::span(&row, 1));
    return {logits.begin(), logits.end()};
  }

  // Row `row` of a step's logits equals those of `ids` fed at once. Sums run in another order when
  // more rows are multiplied together, hence the tolerance.
  void expect_row(std::span<const float> logits, std::size_t row, const std::vector<TokenId>& ids,
                  int image) {
    const std::vector<float> expected = from_scratch(ids, image);
    ASSERT_EQ(expected.size(), kVocabulary);
    for (std::size_t i = 0; i < kVocabulary; ++i) {
      ASSERT_NEAR(logits[row * kVocabulary + i], expected[i], 2e-5) << "row " << row;
    }
  }

  RandomTextModel random_;
  Context context_{{.num_threads = 2}};
  std::vector<CrossAttentionCache> caches_;
  std::vector<const CrossAttentionCache*> images_ = {&caches_[0], &caches_[1]};
};

TEST_F(TextDecoderTest, TokenByTokenEqualsAllAtOnce) {
  TextDecoder decoder(random_.model, random_.head, images_, context_);
  std::vector<TokenId> history;
  // Past a cache page of 64 cells.
  for (TokenId i = 0; i < 100; ++i) {
    const TokenId next[] = {static_cast<TokenId>(i * 7 % 50)};
    history.push_back(next[0]);
    const DecodeRow row{.image = 0, .parent = i == 0 ? -1 : 0, .tokens = next};
    const auto logits = decoder.step(std::span(&row, 1));
    if (i % 33 == 0 || i == 99) expect_row(logits, 0, history, 0);
  }
}

TEST_F(TextDecoderTest, RowsMaySplitReorderAndEnd) {
  TextDecoder decoder(random_.model, random_.head, images_, context_);
  const std::vector<TokenId> prompt0 = {1, 2, 3};
  const std::vector<TokenId> prompt1 = {4};
  const DecodeRow first[] = {{0, -1, prompt0}, {1, -1, prompt1}};
  expect_row(decoder.step(first), 1, {4}, 1);

  // Each prompt becomes two beams.
  const std::vector<TokenId> tokens = {10, 11, 12, 13};
  const DecodeRow second[] = {{0, 0, std::span(tokens).subspan(0, 1)},
                              {0, 0, std::span(tokens).subspan(1, 1)},
                              {1, 1, std::span(tokens).subspan(2, 1)},
                              {1, 1, std::span(tokens).subspan(3, 1)}};
  expect_row(decoder.step(second), 2, {4, 12}, 1);

  // Image 0 goes on from its second beam twice, image 1 only from its second.
  const std::vector<TokenId> more = {20, 21, 22};
  const DecodeRow third[] = {{0, 1, std::span(more).subspan(0, 1)},
                             {0, 1, std::span(more).subspan(1, 1)},
                             {1, 3, std::span(more).subspan(2, 1)}};
  const auto logits = decoder.step(third);
  ASSERT_EQ(logits.size(), 3 * kVocabulary);
  const std::vector<float> copy(logits.begin(), logits.end());
  expect_row(copy, 0, {1, 2, 3, 11, 20}, 0);
  expect_row(copy, 1, {1, 2, 3, 11, 21}, 0);
  expect_row(copy, 2, {4, 13, 22}, 1);
}

TEST_F(TextDecoderTest, AllLogitsAreEachPrefixsLogits) {
  TextDecoder decoder(random_.model, random_.head, images_, context_);
  std::vector<TokenId> ids(30);  // more rows than small_gemm takes
  std::iota(ids.begin(), ids.end(), TokenId{0});
  const DecodeRow row{.image = 1, .parent = -1, .tokens = ids};
  const auto logits = decoder.step_all_logits(std::span(&row, 1));
  ASSERT_EQ(logits.size(), ids.size() * kVocabulary);
  for (const std::size_t last : {0, 7, 29}) {
    expect_row(logits, last, {ids.begin(), ids.begin() + static_cast<long>(last) + 1}, 1);
  }
}

TEST_F(TextDecoderTest, RefusesTokensAndPositionsItDoesNotHave) {
  TextDecoder decoder(random_.model, random_.head, images_, context_);
  for (const TokenId bad : {-1, 50}) {
    const DecodeRow row{.image = 0, .parent = -1, .tokens = std::span(&bad, 1)};
    try {
      decoder.step(std::span(&row, 1));
      FAIL() << "accepted token " << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    }
  }
  const std::vector<TokenId> long_text(151, 1);
  const DecodeRow row{.image = 0, .parent = -1, .tokens = long_text};
  try {
    decoder.step(std::span(&row, 1));
    FAIL() << "accepted more positions than there are";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::limit_exceeded);
  }
}

}  // namespace
}  // namespace blip
