// Which models the engine has, and when they are loaded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "engine_client.hpp"
#include "engine_tasks.hpp"
#include "serve/engine/scheduler.hpp"
#include "small_pictures.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::serve {
namespace {

using testing::HasSubstr;

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

TEST(Engine, LoadsModelsAgainWhoseFilesWereCut) {
  EngineOptions options = small_engine();
  std::atomic<std::uint64_t> damage = 0;
  options.damage = [&] { return damage.load(); };
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  EXPECT_EQ(model_of(client.run(caption())), "hybrid");
  EXPECT_TRUE(is_loaded(*engine, "hybrid"));
  // Whatever was computed from that file is not told. It is cut while a task is done: the engine
  // looks after each, and a task that came later would have the model loaded again.
  std::promise<TaskOutcome> outcome;
  TaskCallbacks callbacks;
  callbacks.on_text = [&](std::string_view /*piece*/) { damage = 1; };
  callbacks.on_done = [&](TaskOutcome done) { outcome.set_value(std::move(done)); };
  CaptionTask task{.picture = one_picture()};
  task.generation.min_new_tokens = task.generation.max_new_tokens = 20;
  engine->submit({.input = task}, std::move(callbacks));
  EXPECT_EQ(failure_kind(outcome.get_future().get()), FailureKind::internal);
  wait_until([&] { return !is_loaded(*engine, "hybrid"); });
  EXPECT_EQ(engine->metrics().cache_bytes, 0U);
  EXPECT_EQ(model_of(client.run(caption())), "hybrid");
  EXPECT_EQ(engine->metrics().models_loaded, 2U);
}

// At the last piece of a text, when nothing is left to compute.
TEST(Engine, DoesNotTellWhatWasComputedFromAFileThatWasCutMeanwhile) {
  EngineOptions options = small_engine();
  std::atomic<std::uint64_t> damage = 0;
  options.damage = [&] { return damage.load(); };
  const auto engine = make_engine(options);
  int pieces = 0;
  int last_piece = 0;
  const auto run = [&] {
    std::promise<TaskOutcome> outcome;
    TaskCallbacks callbacks;
    callbacks.on_text = [&](std::string_view /*piece*/) {
      if (++pieces == last_piece) damage = 1;
    };
    callbacks.on_done = [&](TaskOutcome done) { outcome.set_value(std::move(done)); };
    CaptionTask task{.picture = one_picture()};
    task.generation.min_new_tokens = task.generation.max_new_tokens = 20;
    engine->submit({.input = task}, std::move(callbacks));
    return outcome.get_future().get();
  };
  EXPECT_EQ(model_of(run()), "hybrid");
  ASSERT_GT(pieces, 0);
  last_piece = 2 * pieces;
  EXPECT_EQ(failure_kind(run()), FailureKind::internal);
  EXPECT_EQ(pieces, last_piece);
}

}  // namespace
}  // namespace blip::serve
