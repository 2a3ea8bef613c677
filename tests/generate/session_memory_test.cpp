// What a session has where there is no memory for what has finished.
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "generate/generation_session.hpp"
#include "tests/core/rationed_addresses.hpp"

namespace blip {
namespace {

constexpr int kVocabulary = 4;
constexpr TokenId kStop = 3;
// So many that the list of them is far larger than a block of Famine's.
constexpr std::size_t kRequests = 20'000;

/// While it is there, small things can be had, as they are given back, but nothing of a size.
class Famine {
 public:
  Famine() {
    blocks_.reserve(kMost);
    few_.emplace(0);
    try {
      while (blocks_.size() < kMost) {
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
      }
    } catch (const std::bad_alloc&) {  // all that malloc had to hand is taken
    }
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 16;
  static constexpr std::size_t kMost = 100'000;
  std::optional<RationedAddresses> few_;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

// Every request ends with its first token.
std::vector<float> stopping_logits() {
  std::vector<float> logits(kRequests * kVocabulary, 0.0F);
  for (std::size_t i = kStop; i < logits.size(); i += kVocabulary) logits[i] = 1.0F;
  return logits;
}

TEST(SessionMemory, WhatHasFinishedIsCollectedOnceThereIsSome) {
  if (!kCanRationAddresses) GTEST_SKIP() << "the sanitizers need their addresses";
  const std::vector<float> logits = stopping_logits();
  const GenerationSettings settings = resolve_settings(
      {}, {.max_new_tokens = 2}, {.stop_token_id = kStop, .vocab_size = kVocabulary});
  GenerationSession session;
  for (std::size_t i = 0; i < kRequests; ++i) {
    session.add({.image = static_cast<int>(i), .prompt = {1}, .settings = settings});
  }
  std::optional<Famine> famine;
  const auto starve = [&](std::span<const DecodeRow>) {
    famine.emplace();
    return std::span<const float>(logits);
  };
  EXPECT_THROW(session.step(starve), std::bad_alloc);
  const auto fail = [](std::span<const DecodeRow>) -> std::span<const float> {
    ADD_FAILURE() << "there is nothing left to decode";
    return {};
  };
  EXPECT_THROW(session.step(fail), std::bad_alloc) << "still none";
  famine.reset();
  EXPECT_EQ(session.size(), kRequests);

  session.step(fail);
  EXPECT_EQ(session.size(), 0U);
  EXPECT_EQ(session.finished_count(), kRequests);
  const std::vector<FinishedRequest> finished = session.take_finished();
  ASSERT_EQ(finished.size(), kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(finished[i].id, RequestId{i});
    ASSERT_FALSE(finished[i].error);
    ASSERT_EQ(finished[i].sequences.at(0).ids, (std::vector<TokenId>{1, kStop}));
  }
}

}  // namespace
}  // namespace blip
