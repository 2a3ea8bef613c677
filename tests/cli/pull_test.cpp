// Models from the hub: blip pull, blip models, and --model with an id.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "pictures.hpp"
#include "program.hpp"
#include "tests/core/scoped_variable.hpp"
#include "tests/hub/fake_hub.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Pull : public ::testing::Test {
 protected:
  Pull() {
    for (const auto& entry : fs::directory_iterator(BLIP_SOURCE_DIR "/tests/models/nano")) {
      if (entry.is_regular_file()) {
        hub_.files[entry.path().filename().string()] = read_file(entry.path());
      }
    }
  }
  [[nodiscard]] fs::path snapshot() const {
    return quiet_.cache() / "models--org--tiny/snapshots" / kCommit;
  }
  [[nodiscard]] fs::path partial() const {
    return quiet_.cache() / "models--org--tiny/blobs" /
           (sha256(hub_.files.at("model.safetensors")) + ".incomplete");
  }

  QuietEnvironment quiet_;
  FakeHub hub_;
  ScopedVariable cache_{"HF_HUB_CACHE", quiet_.cache().string()};
  ScopedVariable endpoint_{"HF_ENDPOINT", hub_.url()};
};

TEST_F(Pull, PrintsTheDirectoryOfEachModel) {
  for (int i = 0; i < 2; ++i) {
    const Outcome run = run_blip({"pull", "org/tiny", "org/tiny@" + kCommit});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.out, snapshot().string() + "\n" + snapshot().string() + "\n");
    EXPECT_EQ(run.err, "");
  }
  EXPECT_EQ(read_file(snapshot() / "model.safetensors"), hub_.files["model.safetensors"]);
  EXPECT_EQ(run_blip({"pull", "org/tiny", "--revision", kCommit}).out, snapshot().string() + "\n");
}

TEST_F(Pull, SaysOfAnAdapterThatItIsOne) {
  hub_.files.clear();
  hub_.files["adapter_config.json"] =
      R"({"peft_type": "LORA", "target_modules": ["query"], "base_model_name_or_path": "nano"})";
  hub_.files["adapter_model.safetensors"] = "weights";
  const Outcome run = run_blip({"pull", "org/tiny"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, snapshot().string() + "\n");
  EXPECT_THAT(run.err, HasSubstr("org/tiny: a LoRA adapter of nano, which is in "));
  EXPECT_EQ(read_file(snapshot() / "adapter_model.safetensors"), "weights");
}

TEST_F(Pull, NamesWhatFailsAndDoesTheRest) {
  const Outcome run = run_blip({"pull", "org/absent", "org/tiny"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out, snapshot().string() + "\n");
  EXPECT_THAT(run.err, StartsWith("blip: org/absent: no such model at " + hub_.url()));
  EXPECT_EQ(run_blip({"pull", "org/absent"}).exit_code, 2);
  EXPECT_EQ(run_blip({"pull", "not an id"}).exit_code, 2);
  EXPECT_EQ(run_blip({"pull"}).exit_code, 2);
}

TEST_F(Pull, AnInterruptedDownloadGoesOnLater) {
  const std::size_t half = hub_.files["model.safetensors"].size() / 2;
  std::atomic<bool> hold = true;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    if (!hold) return;
    reply.piece = half;
    // Before each half; the second comes long after the signal, and before the client gives up.
    reply.pause = std::chrono::seconds(4);
  };
  BackgroundBlip blip({"pull", "org/tiny"});
  std::error_code ignored;
  for (int i = 0; i < 6000 && (!fs::exists(partial()) || fs::file_size(partial(), ignored) < half);
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  blip.signal(SIGINT);
  const Outcome stopped = blip.wait();
  EXPECT_EQ(stopped.exit_code, 130);
  EXPECT_EQ(stopped.out, "");
  ASSERT_TRUE(fs::exists(partial()));
  EXPECT_FALSE(fs::exists(snapshot() / "model.safetensors"));

  hold = false;
  EXPECT_EQ(run_blip({"pull", "org/tiny"}).exit_code, 0);
  EXPECT_THAT(hub_.storage_requests().back().header("range"), StartsWith("bytes="));
  EXPECT_EQ(read_file(snapshot() / "model.safetensors"), hub_.files["model.safetensors"]);
}

TEST_F(Pull, TwoProcessesShareTheWork) {
  hub_.spoil_storage = [](const ServerRequest&, ServerReply& reply) {
    reply.piece = reply.body.size() / 2 + 1;
    reply.pause = std::chrono::milliseconds(100);
  };
  BackgroundBlip first({"pull", "org/tiny"});
  BackgroundBlip second({"pull", "org/tiny"});
  for (BackgroundBlip* blip : {&first, &second}) {
    const Outcome run = blip->wait();
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.out, snapshot().string() + "\n");
  }
  EXPECT_EQ(hub_.storage_requests().size(), 1U);
}

TEST_F(Pull, ATerminalShowsHowFarItIs) {
  const Outcome run = run_on_terminal({"pull", "org/tiny"}, /*stdout_too=*/false);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("[########################] 100 %  model.safetensors  "));
  EXPECT_THAT(run.err, EndsWith("\r\x1b[2K"));
  fs::remove_all(quiet_.cache());
  EXPECT_EQ(run_on_terminal({"pull", "-q", "org/tiny"}, /*stdout_too=*/false).err, "");
}

TEST_F(Pull, EveryCommandTakesAnId) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const std::string caption = run_blip({"caption", picture, "-m", "nano"}).out;
  const Outcome first = run_blip({"caption", picture, "-m", "org/tiny"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.out, caption);
  EXPECT_NE(caption, "");
  const std::size_t asked = hub_.hub_requests().size();
  EXPECT_EQ(run_blip({"caption", picture, "-m", "org/tiny"}).out, caption);
  EXPECT_EQ(hub_.hub_requests().size(), asked);
  const Outcome offline =
      run_blip({"inspect", "org/tiny@main"}, {.environment = {{"HF_HUB_OFFLINE", "1"}}});
  EXPECT_EQ(offline.exit_code, 0);
  EXPECT_THAT(offline.out, HasSubstr(snapshot().string()));
}

TEST_F(Pull, AnUnknownModelIsOneLine) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const Outcome absent = run_blip({"caption", picture, "-m", "modles/nano"});
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_EQ(absent.err,
            "blip: modles/nano: no such model directory; from the hub: no such model at " +
                hub_.url() +
                ", or a private one that needs a token (HF_TOKEN, or `hf auth login`)\n");
  hub_.spoil_hub = [](const ServerRequest&, ServerReply& reply) {
    reply = {.status = 404, .headers = {{"X-Error-Code", "RevisionNotFound"}}};
  };
  EXPECT_THAT(run_blip({"caption", picture, "-m", "org/tiny@v9"}).err,
              HasSubstr("from the hub: has no revision \"v9\" at "));
}

TEST_F(Pull, ModelsListsWhatTheCacheHolds) {
  run_blip({"pull", "org/tiny"});
  const Outcome run = run_blip({"models"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("nano-captioning\t/"));
  EXPECT_THAT(run.out, HasSubstr("org/tiny\t" + snapshot().string() + "\t"));
  EXPECT_THAT(run.out, Not(HasSubstr("not complete")));
  fs::remove(snapshot() / "model.safetensors");
  EXPECT_THAT(run_blip({"models"}).out, HasSubstr(" (not complete: blip pull goes on)\n"));
}

}  // namespace
}  // namespace blip::testing
