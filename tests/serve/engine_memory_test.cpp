// The engine where there is hardly any memory: what needs some is refused, and the rest goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/memory_headroom.hpp"
#include "engine_client.hpp"
#include "engine_tasks.hpp"
#include "serve/engine/scheduler.hpp"
#include "small_pictures.hpp"
#include "tests/core/rationed_addresses.hpp"

namespace blip::serve {
namespace {

using testing::HasSubstr;

Task caption_of(const PictureBytes& picture) {
  return {.input = CaptionTask{.picture = picture}};
}

bool has_failed(const TaskOutcome& outcome) {
  return std::holds_alternative<TaskFailure>(outcome);
}

TEST(EngineMemory, PicturesAreRefusedUntilThereIsSome) {
  if (!kCanRationAddresses) GTEST_SKIP() << "the sanitizers need their addresses";
  const std::vector<PictureBytes> pictures = small_pictures(2);
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  ASSERT_FALSE(has_failed(client.run(caption_of(pictures[0]))));
  {
    const RationedAddresses few(kHeadroom / 2);
    const TaskOutcome refused = client.run(caption_of(pictures[1]));
    ASSERT_TRUE(has_failed(refused));
    EXPECT_EQ(failure_kind(refused), FailureKind::queue_full);
    EXPECT_THAT(failure_message(refused), HasSubstr("not enough memory"));
    // It needs none for pixels: they are known.
    EXPECT_FALSE(has_failed(client.run(caption_of(pictures[0]))));
  }
  EXPECT_FALSE(has_failed(client.run(caption_of(pictures[1]))));
  // The answer comes before the batch is counted out.
  wait_until([&] { return is_empty(*engine); });
}

TEST(EngineMemory, AModelIsLoadedOnceThereIsSome) {
  if (!kCanRationAddresses) GTEST_SKIP() << "the sanitizers need their addresses";
  const Task task = caption();
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  {
    const RationedAddresses few(kHeadroom / 2);
    const TaskOutcome refused = client.run(task);
    ASSERT_TRUE(has_failed(refused));
    EXPECT_EQ(failure_kind(refused), FailureKind::internal);
    EXPECT_THAT(failure_message(refused), HasSubstr("cannot be loaded: out of memory"));
  }
  EXPECT_FALSE(has_failed(client.run(task)));
}

}  // namespace
}  // namespace blip::serve
