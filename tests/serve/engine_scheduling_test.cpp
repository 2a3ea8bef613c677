// What the engine takes, refuses, gives up and counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine_client.hpp"
#include "engine_tasks.hpp"
#include "serve/engine/picture_tasks.hpp"
#include "serve/engine/scheduler.hpp"
#include "small_pictures.hpp"

namespace blip::serve {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(Engine, TellsWhatIsWrongWithATask) {
  EngineOptions options = small_engine();
  options.max_pixels = 10'000;
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  const TaskOutcome damaged =
      client.run({.input = CaptionTask{.picture = picture_of_bytes("no picture", "cat.jpg")}});
  EXPECT_EQ(failure_kind(damaged), FailureKind::bad_image);
  EXPECT_THAT(failure_message(damaged), HasSubstr("cat.jpg"));
  std::string photo;
  {
    std::ifstream file(std::filesystem::path(BLIP_PHOTOS) / "cat.jpg", std::ios::binary);
    photo.assign(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_EQ(failure_kind(client.run({.input = CaptionTask{.picture = picture_of_bytes(photo)}})),
            FailureKind::too_large);
  EXPECT_EQ(failure_kind(client.run({.input = CaptionTask{.picture = PictureUrl{"http://x"}}})),
            FailureKind::bad_request);
  EXPECT_EQ(failure_kind(client.run({.input = MatchTask{.picture = one_picture(), .texts = {}}})),
            FailureKind::bad_request);
  EXPECT_EQ(failure_kind(client.run({.input = EmbedTextsTask{}})), FailureKind::bad_request);
  CaptionTask task{.picture = one_picture()};
  task.generation.num_beams = -3;
  EXPECT_EQ(failure_kind(client.run({.input = task})), FailureKind::bad_request);
  task.generation.num_beams = 1000;
  const TaskOutcome many = client.run({.input = task});
  EXPECT_EQ(failure_kind(many), FailureKind::bad_request);
  EXPECT_THAT(failure_message(many), HasSubstr("128"));
  EXPECT_EQ(failure_kind(client.run({.input = ClassifyTask{.picture = one_picture(),
                                                           .labels = {"cat"},
                                                           .templates = {"no place"}}})),
            FailureKind::bad_request);
  // None of that disturbed anybody.
  EXPECT_EQ(model_of(client.run(caption())), "hybrid");
}

TEST(Engine, EncodesAPictureOnceForAllThatIsAskedAboutIt) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  constexpr std::size_t kTasks = 24;
  for (std::size_t i = 0; i < kTasks; ++i) {
    Task task{.input = MatchTask{.picture = one_picture(), .texts = {"a cat"}}};
    if (i % 2 == 0) task.input = EmbedImageTask{.picture = one_picture()};
    client.submit(i, task);
  }
  for (std::size_t i = 0; i < kTasks; ++i) {
    EXPECT_TRUE(std::holds_alternative<TaskResult>(client.wait(i)));
  }
  const EngineMetrics metrics = engine->metrics();
  EXPECT_EQ(metrics.pictures_encoded, 1U);
  EXPECT_EQ(metrics.pictures_cached, kTasks - 1);
  EXPECT_EQ(metrics.decode_seconds.count, 1U);
  EXPECT_GT(metrics.cache_bytes, 0U);
  EXPECT_EQ(metrics.tasks(TaskKind::match, std::nullopt), kTasks / 2);
  EXPECT_EQ(metrics.tasks(TaskKind::embed, std::nullopt), kTasks / 2);
}

TEST(Engine, SaysWhyAPictureCannotBeReadToAllWhoWaitForIt) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  const std::string damaged(100'000, 'x');
  for (std::size_t i = 0; i < 8; ++i) {
    client.submit(
        i,
        {.input = CaptionTask{.picture = picture_of_bytes(damaged, "name" + std::to_string(i))}});
  }
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_THAT(failure_message(client.wait(i)), testing::StartsWith("name" + std::to_string(i)));
  }
}

TEST(Engine, RefusesWhatDoesNotFitIntoTheQueue) {
  EngineOptions options = small_engine();
  options.queue_limit = 4;
  options.max_rows = 8;
  options.max_batch = 1;
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  constexpr std::size_t kTasks = 60;
  for (std::size_t i = 0; i < kTasks; ++i) client.submit(i, long_caption(i));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kTasks; ++i) {
    const TaskOutcome outcome = client.wait(i);
    if (const auto* failure = std::get_if<TaskFailure>(&outcome)) {
      EXPECT_EQ(failure->kind, FailureKind::queue_full);
      ++refused;
    }
  }
  EXPECT_GT(refused, kTasks / 2);
  EXPECT_LT(refused, kTasks);
  EXPECT_EQ(engine->metrics().rejected(FailureKind::queue_full), refused);
}

TEST(Engine, LetsThePatientWaitWhereTheQueueIsFull) {
  EngineOptions options = small_engine();
  options.queue_limit = 2;
  options.max_rows = 8;
  options.max_batch = 1;
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  constexpr std::size_t kTasks = 40;
  for (std::size_t i = 0; i < kTasks; ++i) {
    Task task = long_caption(i);
    task.is_patient = true;
    client.submit(i, task);
  }
  EXPECT_EQ(failure_kind(client.run(long_caption())), FailureKind::queue_full);
  for (std::size_t i = 0; i < kTasks; ++i) {
    EXPECT_TRUE(std::holds_alternative<TaskResult>(client.wait(i)));
  }
}

// Nearly as long as the small models take it.
std::string long_text() {
  std::string text = "a cat";
  for (int i = 0; i < 4; ++i) text += " that sleeps on a sofa";
  return text;
}

// A picture and `num_texts` texts: many of them keep the computing thread busy, with pauses.
Task match_with(std::size_t num_texts, std::string text = "a cat that sleeps on a sofa") {
  return {.input = MatchTask{.picture = one_picture(),
                             .texts = std::vector<std::string>(num_texts, std::move(text))}};
}

std::string failure_or_nothing(const TaskOutcome& outcome) {
  const auto* failure = std::get_if<TaskFailure>(&outcome);
  return failure == nullptr ? "" : failure->message;
}

TEST(Engine, GoesOnWithOthersDuringALongTask) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  ASSERT_EQ(failure_or_nothing(client.run(match_with(1))), "");  // loads
  ASSERT_EQ(failure_or_nothing(client.run(caption())), "");
  // Several, so that they take long enough however the machine shares its time. A caption takes
  // more steps than there are tasks: without pauses within them it would be last.
  constexpr std::size_t kTasks = 6;
  std::vector<TaskId> ids;
  for (std::size_t i = 0; i < kTasks; ++i) {
    ids.push_back(client.submit(i, match_with(kMostTexts, long_text())));
  }
  wait_until([&] { return engine->status().queued == 0; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failure_or_nothing(client.run(caption())), "");
    EXPECT_EQ(failure_or_nothing(client.run(match_with(1))), "");
  }
  EXPECT_FALSE(client.has_ended(kTasks - 1));
  for (const TaskId id : ids) engine->cancel(id);
  wait_until([&] { return is_empty(*engine); });
}

TEST(Engine, InterruptionsDoNotChangeALongTask) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  client.run(match_with(1));  // loads
  client.submit(0, match_with(kMostTexts));
  wait_until([&] { return engine->status().queued == 0; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failure_or_nothing(client.run(caption())), "");
    EXPECT_EQ(failure_or_nothing(client.run(match_with(1))), "");
  }
  const TaskOutcome outcome = client.wait(0);
  ASSERT_EQ(failure_or_nothing(outcome), "");
  const auto& matches = std::get<MatchResult>(std::get<TaskResult>(outcome).value).matches;
  ASSERT_EQ(matches.size(), kMostTexts);
  // All of the same text.
  for (const auto& match : matches) {
    ASSERT_NEAR(match.itm.value(), matches.front().itm.value(), 1e-5);
  }
  wait_until([&] { return is_empty(*engine); });
}

TEST(Engine, LeavesALongTaskThatNobodyWantsAnyMore) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  const std::vector<std::string> many(kMostTexts, long_text());
  const TaskId id = client.submit(0, {.input = EmbedTextsTask{many}});
  wait_until([&] { return engine->status().in_flight == 1; });
  engine->cancel(id);
  wait_until([&] { return is_empty(*engine); });
  EXPECT_FALSE(client.has_ended(0));
  // Observed of a task that ran to its end.
  EXPECT_EQ(engine->metrics().text_seconds.count, 0U);
}

TEST(Engine, RefusesPicturesBeyondTheMemoryOfTheQueue) {
  EngineOptions options = small_engine();
  options.queue_bytes = 3'000'000;
  const auto engine = make_engine(options);
  // Damaged pictures keep both threads that read until the test lets go of them.
  std::latch all_read_nothing(2);
  std::latch go_on(1);
  for (const char* bytes : {"no picture", "none either"}) {
    TaskCallbacks callbacks;
    callbacks.on_done = [&](const TaskOutcome&) {
      all_read_nothing.count_down();
      go_on.wait();
    };
    engine->submit({.input = CaptionTask{.picture = picture_of_bytes(bytes)}},
                   std::move(callbacks));
  }
  all_read_nothing.wait();
  EngineClient client(*engine);
  for (std::size_t i = 0; i < 40; ++i) {
    std::string bytes(1'000'000, 'x');
    bytes[0] = static_cast<char>(i);
    client.submit(i, {.input = CaptionTask{.picture = picture_of_bytes(std::move(bytes))}});
    EXPECT_EQ(client.has_ended(i), i >= 3);
  }
  go_on.count_down();
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(failure_kind(client.wait(i)),
              i < 3 ? FailureKind::bad_image : FailureKind::queue_full);
  }
  wait_until([&] { return is_empty(*engine); });
  EXPECT_TRUE(std::holds_alternative<TaskResult>(client.run(caption())));
}

TEST(Engine, GivesUpTasksWhoseTimeIsOver) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  client.run(caption());  // loads
  Task late = caption();
  late.deadline = std::chrono::steady_clock::now() - milliseconds(1);
  EXPECT_EQ(failure_kind(client.run(late)), FailureKind::timed_out);
  // In the middle of its text, while others go on.
  for (std::size_t i = 0; i < 30; ++i) {
    Task task = long_caption(i);
    task.deadline = std::chrono::steady_clock::now() + milliseconds(3);
    client.submit(i, task);
  }
  std::size_t timed_out = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    const TaskOutcome outcome = client.wait(i);
    if (const auto* failure = std::get_if<TaskFailure>(&outcome)) {
      EXPECT_EQ(failure->kind, FailureKind::timed_out);
      ++timed_out;
    }
  }
  EXPECT_GT(timed_out, 0U);
  EXPECT_TRUE(std::holds_alternative<TaskResult>(client.run(caption())));
  wait_until([&] { return is_empty(*engine); });
}

TEST(Engine, IsSilentAfterACancel) {
  const auto engine = make_engine(small_engine());
  EngineClient loader(*engine);
  loader.run(caption());
  std::atomic<int> after = 0;
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> cancelled = false;
    TaskCallbacks callbacks;
    callbacks.on_text = [&](std::string_view) {
      if (cancelled) ++after;
    };
    callbacks.on_done = [&](const TaskOutcome&) {
      if (cancelled) ++after;
    };
    CaptionTask task{.picture = one_picture()};
    task.generation.min_new_tokens = 45;
    task.generation.max_new_tokens = 45;
    const TaskId id = engine->submit({.input = task}, callbacks);
    std::this_thread::sleep_for(std::chrono::microseconds(100 * round));
    engine->cancel(id);
    cancelled = true;
  }
  wait_until([&] { return is_empty(*engine); });
  EXPECT_EQ(after, 0);
}

TEST(Engine, MayBeCancelledFromItsOwnCallback) {
  const auto engine = make_engine(small_engine());
  std::atomic<int> pieces = 0;
  std::atomic<bool> done = false;
  std::atomic<TaskId> own{};
  std::atomic<bool> known = false;
  TaskCallbacks callbacks;
  callbacks.on_text = [&](std::string_view) {
    while (!known) std::this_thread::yield();
    ++pieces;
    engine->cancel(own);
  };
  callbacks.on_done = [&](const TaskOutcome&) { done = true; };
  CaptionTask task{.picture = one_picture()};
  task.generation.min_new_tokens = 40;
  task.generation.max_new_tokens = 40;
  own = engine->submit({.input = task}, callbacks);
  known = true;
  wait_until([&] { return pieces > 0 && is_empty(*engine); });
  EXPECT_EQ(pieces, 1);
  EXPECT_FALSE(done);
}

TEST(Engine, LetsClientsTakeTurns) {
  EngineOptions options = small_engine();
  options.max_batch = 1;
  options.max_rows = 1;
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  client.run(caption());
  std::mutex mutex;
  std::vector<std::string> order;
  std::atomic<int> left = 41;
  const auto submit = [&](const std::string& name) {
    CaptionTask task{.picture = one_picture()};
    task.generation.min_new_tokens = 30;
    task.generation.max_new_tokens = 30;
    TaskCallbacks callbacks;
    callbacks.on_done = [&, name](const TaskOutcome&) {
      {
        const std::lock_guard lock(mutex);
        order.push_back(name);
      }
      --left;
    };
    engine->submit({.input = task, .client = name}, callbacks);
  };
  // The model is held up until all have come, however slow this thread is.
  std::promise<void> all_are_there;
  std::promise<void> first_is_done;
  CaptionTask first{.picture = one_picture()};
  first.generation.min_new_tokens = first.generation.max_new_tokens = 30;
  const auto hold = [&, waits = all_are_there.get_future().share()](std::string_view /*piece*/) {
    waits.wait();
  };
  engine->submit({.input = first}, {.on_text = hold, .on_done = [&](const TaskOutcome&) {
                                      first_is_done.set_value();
                                    }});
  for (int i = 0; i < 40; ++i) submit("greedy");
  submit("modest");
  all_are_there.set_value();
  wait_until([&] { return left == 0; });
  first_is_done.get_future().wait();
  // It does not wait until all forty are done: only for those that were admitted before it came.
  const auto place = std::find(order.begin(), order.end(), "modest") - order.begin();
  EXPECT_LT(place, 35);
}

TEST(Engine, FinishesWhatIsThereWhenItIsDrained) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  for (std::size_t i = 0; i < 10; ++i) client.submit(i, caption());
  engine->drain();
  EXPECT_TRUE(engine->status().draining);
  EXPECT_EQ(failure_kind(client.run(caption())), FailureKind::draining);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(std::holds_alternative<TaskResult>(client.wait(i)));
  }
  wait_until([&] { return is_empty(*engine); });
}

TEST(Engine, FailsWhatIsLeftWhenItIsDestroyed) {
  auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  for (std::size_t i = 0; i < 100; ++i) client.submit(i, long_caption(i));
  engine.reset();
  for (std::size_t i = 0; i < 100; ++i) {
    const TaskOutcome outcome = client.wait(i);
    if (std::holds_alternative<TaskFailure>(outcome)) {
      EXPECT_EQ(failure_kind(outcome), FailureKind::draining);
    }
  }
}

TEST(Engine, FillsInTheServersOptions) {
  EngineOptions options = small_engine();
  options.generation.max_new_tokens = 3;
  options.generation.min_new_tokens = 3;
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  const auto tokens = [&](const CaptionTask& task) {
    const TaskOutcome outcome = client.run({.input = task});
    return std::get<TextResult>(std::get<TaskResult>(outcome).value).texts.front().tokens;
  };
  CaptionTask task{.picture = one_picture()};
  EXPECT_EQ(tokens(task), 3U);
  task.generation.max_length = 8;
  task.generation.min_length = 8;
  EXPECT_EQ(tokens(task), 7U);  // and the start token
}

}  // namespace
}  // namespace blip::serve
