// What the engine takes, refuses, gives up and counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "blip/error.hpp"
#include "engine_client.hpp"
#include "serve/engine/scheduler.hpp"
#include "small_pictures.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::serve {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

FailureKind failure_kind(const TaskOutcome& outcome) {
  return std::get<TaskFailure>(outcome).kind;
}
std::string failure_message(const TaskOutcome& outcome) {
  return std::get<TaskFailure>(outcome).message;
}
std::string model_of(const TaskOutcome& outcome) {
  return std::get<TaskResult>(outcome).model;
}

PictureBytes one_picture() {
  static const std::vector<PictureBytes> pictures = small_pictures(1);
  return pictures.front();
}

Task caption(std::string client = "") {
  return {.input = CaptionTask{.picture = one_picture()}, .client = std::move(client)};
}

// Keeps a captioning model busy for as long as a test looks.
Task long_caption(std::uint64_t seed = 1) {
  CaptionTask task{.picture = one_picture()};
  task.generation.max_new_tokens = 45;
  task.generation.min_new_tokens = 45;
  task.generation.num_beams = 8;
  task.generation.seed = seed;
  return {.input = task};
}

void wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 2000 && !holds(); ++i) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_TRUE(holds());
}

bool is_empty(const Engine& engine) {
  const EngineStatus status = engine.status();
  return status.queued == 0 && status.in_flight == 0;
}

bool is_loaded(const Engine& engine, const std::string& name) {
  for (const ModelStatus& model : engine.status().models) {
    if (model.name == name) return model.loaded;
  }
  return false;
}

TEST(Engine, DescribesItsModels) {
  EngineOptions options = small_engine();
  options.models[0].aliases = {"blip"};
  const auto engine = make_engine(options);
  const EngineStatus status = engine->status();
  ASSERT_EQ(status.models.size(), 4U);
  const ModelStatus& captioner = status.models[0];
  EXPECT_EQ(captioner.name, "hybrid");
  EXPECT_EQ(captioner.architecture, "BlipForConditionalGeneration");
  EXPECT_EQ(captioner.weight_type, "float32");
  EXPECT_EQ(captioner.tasks, (std::vector{TaskKind::caption, TaskKind::explain}));
  EXPECT_EQ(captioner.aliases, std::vector<std::string>{"blip"});
  EXPECT_EQ(captioner.size, std::filesystem::file_size(std::filesystem::path(BLIP_TASK_MODELS) /
                                                       "hybrid" / "model.safetensors"));
  EXPECT_EQ(captioner.digest.size(), 64U);
  EXPECT_GT(captioner.parameters, 0U);
  EXPECT_GT(captioner.max_tokens, 0);
  EXPECT_FALSE(captioner.loaded);
  EXPECT_EQ(status.models[2].tasks,
            (std::vector{TaskKind::match, TaskKind::embed, TaskKind::classify, TaskKind::tag,
                         TaskKind::explain}));
  EXPECT_EQ(status.models[3].tasks.front(), TaskKind::classify);
  EXPECT_TRUE(status.ready);
}

TEST(Engine, RefusesModelsThatAreNotThereAndNamesTwice) {
  EngineOptions missing = small_engine();
  missing.models[0].options.model = "/no/such/model";
  EXPECT_THROW(static_cast<void>(make_engine(missing)), Error);
  EngineOptions twice = small_engine();
  twice.models[1].name = "HYBRID:latest";
  EXPECT_THROW(static_cast<void>(make_engine(twice)), Error);
  EXPECT_THROW(static_cast<void>(make_engine({.models = {}})), Error);
}

TEST(Engine, FindsModelsByTheNamesThatClientsWrite) {
  EngineOptions options = small_engine();
  options.models[0].name = "nano-captioning";
  options.models[0].aliases = {"gemma3"};
  options.models[1].aliases = {"gemma3"};
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  const auto asked_as = [&](const std::string& name) {
    Task task = caption();
    task.model = name;
    return client.run(task);
  };
  EXPECT_EQ(model_of(asked_as("")), "nano-captioning");
  EXPECT_EQ(model_of(asked_as("Nano_Captioning:latest")), "nano-captioning");
  EXPECT_EQ(model_of(asked_as("GEMMA3")), "nano-captioning");
  EXPECT_EQ(failure_kind(asked_as("llava")), FailureKind::model_not_found);
  EXPECT_EQ(failure_kind(asked_as("itm")), FailureKind::not_supported);
  // Of several models with one name, the one that can do it.
  EXPECT_EQ(model_of(client.run(
                {.model = "gemma3",
                 .input = AnswerTask{.picture = one_picture(), .question = "what is it ?"}})),
            "vqa");
}

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

TEST(Engine, RefusesPicturesBeyondTheMemoryOfTheQueue) {
  EngineOptions options = small_engine();
  options.queue_bytes = 3'000'000;
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  // Damaged all the same: what counts is how many bytes wait.
  std::size_t refused = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    std::string bytes(1'000'000, 'x');
    bytes[0] = static_cast<char>(i);
    client.submit(i, {.input = CaptionTask{.picture = picture_of_bytes(std::move(bytes))}});
  }
  for (std::size_t i = 0; i < 40; ++i) {
    if (failure_kind(client.wait(i)) == FailureKind::queue_full) ++refused;
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 40U);
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
  Task never = long_caption();
  std::get<CaptionTask>(never.input).generation.max_new_tokens.reset();
  std::get<CaptionTask>(never.input).generation.min_new_tokens.reset();
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
  EXPECT_EQ(engine->metrics().cache_bytes > 0, true);
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
  for (int i = 0; i < 40; ++i) submit("greedy");
  submit("modest");
  wait_until([&] { return left == 0; });
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

TEST(Engine, LoadsModelsWhenTheyAreNeededOrAtTheStart) {
  EngineOptions options = small_engine();
  options.models[2].preload = true;
  const auto engine = make_engine(options);
  wait_until([&] { return engine->status().ready; });
  EXPECT_TRUE(is_loaded(*engine, "itm"));
  EXPECT_FALSE(is_loaded(*engine, "hybrid"));
  EXPECT_GT(engine->status().models[2].embedding_size, 0);
  EngineClient client(*engine);
  const TaskOutcome outcome = client.run(caption());
  EXPECT_GT(std::get<TaskResult>(outcome).load_time.count(), 0);
  EXPECT_GE(std::get<TaskResult>(outcome).queue_time.count(), 0);
  EXPECT_TRUE(is_loaded(*engine, "hybrid"));
}

TEST(Engine, UnloadsModelsThatNobodyUses) {
  EngineOptions options = small_engine();
  options.keep_alive = std::chrono::seconds(0);
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  EXPECT_EQ(model_of(client.run(caption())), "hybrid");
  wait_until([&] { return !is_loaded(*engine, "hybrid"); });
  EXPECT_EQ(engine->metrics().cache_bytes, 0U);
  EXPECT_EQ(model_of(client.run(caption())), "hybrid");
}

TEST(Engine, KeepsNoMoreModelsThanThereIsMemoryFor) {
  EngineOptions options = small_engine();
  const auto sizes = [&] {
    std::uint64_t most = 0;
    for (const ModelStatus& model : make_engine(options)->status().models) {
      most = std::max(most, model.size);
    }
    return most;
  }();
  options.memory = sizes;  // of the largest: one at a time, or two small ones
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < 60; ++i) {
    switch (i % 3) {
      case 0:
        tasks.push_back(caption());
        break;
      case 1:
        tasks.push_back({.input = AnswerTask{.picture = one_picture(), .question = "what ?"}});
        break;
      default:
        tasks.push_back({.input = EmbedImageTask{.picture = one_picture()}});
    }
    client.submit(i, tasks.back());
    std::uint64_t loaded = 0;
    for (const ModelStatus& model : engine->status().models) {
      if (model.loaded) loaded += model.size;
    }
    EXPECT_LE(loaded, options.memory);
  }
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_TRUE(std::holds_alternative<TaskResult>(client.wait(i)));
  }
  EXPECT_GE(engine->metrics().models_unloaded, 2U);
  options.memory = 10;
  const auto tiny = make_engine(options);
  EngineClient other(*tiny);
  EXPECT_EQ(failure_kind(other.run(caption())), FailureKind::not_supported);
}

TEST(Engine, SaysThatAModelCannotBeLoaded) {
  const TemporaryDirectory directory;
  const std::filesystem::path copy = directory.path() / "model";
  std::filesystem::copy(small_model("hybrid").model, copy);
  EngineOptions options = small_engine();
  options.models[0].options.model = copy;
  std::mutex mutex;
  std::string logged;
  options.log = [&](std::string_view line) {
    const std::lock_guard lock(mutex);
    logged += std::string(line) + "\n";
  };
  const auto engine = make_engine(options);
  std::filesystem::resize_file(copy / "model.safetensors", 2000);
  EngineClient client(*engine);
  const TaskOutcome outcome = client.run(caption());
  EXPECT_EQ(failure_kind(outcome), FailureKind::internal);
  EXPECT_THAT(failure_message(outcome), HasSubstr("cannot be loaded"));
  {
    const std::lock_guard lock(mutex);
    EXPECT_THAT(logged, HasSubstr("cannot be loaded"));
  }
  // Others are none the worse, and it is tried again for the next task.
  EXPECT_EQ(model_of(client.run({.input = EmbedImageTask{.picture = one_picture()}})), "itm");
  std::filesystem::copy_file(small_model("hybrid").model / "model.safetensors",
                             copy / "model.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(model_of(client.run(caption())), "hybrid");
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
