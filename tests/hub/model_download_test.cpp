// download_model against a hub that behaves.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <list>
#include <set>
#include <thread>

#include "blip/hub.hpp"
#include "hub/model_download.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/hub/fake_hub.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> tree(const fs::path& root) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_directory()) names.insert(entry.path().lexically_relative(root).string());
  }
  return names;
}

class ModelDownload : public ::testing::Test {
 protected:
  ModelDownload() { hub_.files["model.safetensors"] = std::string(300'000, 'w'); }

  fs::path pull(const HubOptions& options) const { return download_model("org/tiny", options); }
  fs::path pull() const { return pull(options()); }
  // What the cache has is `directory`, whole.
  void expect_nobody_is_asked(const fs::path& directory) const {
    const std::size_t asked = hub_.hub_requests().size();
    EXPECT_EQ(hub::find_model("org/tiny", options(), {}), directory);
    HubOptions offline = options();
    offline.offline = true;
    EXPECT_EQ(pull(offline), directory);
    EXPECT_EQ(hub_.hub_requests().size(), asked);
  }
  [[nodiscard]] HubOptions options() const { return quiet_.options(hub_.url()); }

  QuietEnvironment quiet_;
  FakeHub hub_;
};

TEST_F(ModelDownload, AnAdapterComesWithoutAModel) {
  hub_.files.clear();
  hub_.files["adapter_config.json"] = R"({"peft_type": "LORA"})";
  hub_.files["adapter_model.bin"] = "weights";
  hub_.files["vocab.txt"] = "[PAD]";
  const fs::path directory = pull();
  EXPECT_EQ(content_of(directory / "adapter_config.json"), hub_.files["adapter_config.json"]);
  EXPECT_EQ(content_of(directory / "adapter_model.bin"), "weights");
  EXPECT_EQ(content_of(directory / "vocab.txt"), "[PAD]");
  expect_nobody_is_asked(directory);
}

TEST_F(ModelDownload, AnAdapterHasWeights) {
  hub_.files.clear();
  hub_.files["adapter_config.json"] = R"({"peft_type": "LORA"})";
  expect_error(ErrorCode::unsupported, "org/tiny: an adapter without weights", [&] { pull(); });
}

TEST_F(ModelDownload, TimmModelsComeToo) {
  hub_.files = {{"config.json", R"({"architecture": "vit_tiny", "pretrained_cfg": {}})"},
                {"model.safetensors", "weights"}};
  const fs::path directory = pull();
  EXPECT_EQ(content_of(directory / "model.safetensors"), "weights");
  expect_nobody_is_asked(directory);
  const auto models = cached_models(options());
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].id, "org/tiny");
  EXPECT_TRUE(models[0].complete);
}

TEST_F(ModelDownload, DalleMiniComesWithItsVqgan) {
  hub_.files = {{"config.json", R"({"model_type": "dallebart"})"},
                {"flax_model.msgpack", "decoder"},
                {"vocab.json", "{}"},
                {"merges.txt", "#"}};
  auto& vqgan = hub_.others["dalle-mini/vqgan_imagenet_f16_16384"];
  expect_error(ErrorCode::unsupported,
               "dalle-mini/vqgan_imagenet_f16_16384: has no flax_model.msgpack", [&] { pull(); });
  vqgan["flax_model.msgpack"] = "vqgan";
  const fs::path directory = pull();
  EXPECT_EQ(content_of(directory / "flax_model.msgpack"), "decoder");
  EXPECT_EQ(content_of(directory / "vqgan/flax_model.msgpack"), "vqgan");
  EXPECT_EQ(content_of(directory / "vocab.json"), "{}");
  EXPECT_TRUE(fs::read_symlink(directory / "vqgan/flax_model.msgpack").is_relative());
  expect_nobody_is_asked(directory);
}

TEST_F(ModelDownload, DalleMiniWithoutSymbolicLinksHasACopyOfItsVqgan) {
  hub_.files = {{"config.json", R"({"model_type": "dallebart"})"},
                {"flax_model.msgpack", "decoder"}};
  hub_.others["dalle-mini/vqgan_imagenet_f16_16384"]["flax_model.msgpack"] = "vqgan";
  const ScopedVariable variable("HF_HUB_DISABLE_SYMLINKS", "1");
  const fs::path file = pull() / "vqgan/flax_model.msgpack";
  EXPECT_FALSE(fs::is_symlink(file));
  EXPECT_EQ(content_of(file), "vqgan");
}

TEST_F(ModelDownload, LaysTheCacheOutAsHuggingfaceHubDoes) {
  const fs::path directory = pull();
  const fs::path model = quiet_.cache() / "models--org--tiny";
  EXPECT_EQ(directory, model / "snapshots" / kCommit);
  EXPECT_EQ(content_of(directory / "config.json"), kConfig);
  EXPECT_EQ(content_of(directory / "model.safetensors"), hub_.files["model.safetensors"]);
  EXPECT_EQ(content_of(model / "refs/main"), kCommit);
  EXPECT_EQ(fs::read_symlink(directory / "vocab.txt").string(),
            "../../blobs/" + git_hash(hub_.files["vocab.txt"]));
  const std::string weights = sha256(hub_.files["model.safetensors"]);
  EXPECT_EQ(tree(quiet_.cache()),
            (std::set<std::string>{
                "CACHEDIR.TAG", ".locks/models--org--tiny/" + git_hash(kConfig) + ".lock",
                ".locks/models--org--tiny/" + git_hash(hub_.files["vocab.txt"]) + ".lock",
                ".locks/models--org--tiny/" + weights + ".lock",
                "models--org--tiny/blobs/" + git_hash(kConfig),
                "models--org--tiny/blobs/" + git_hash(hub_.files["vocab.txt"]),
                "models--org--tiny/blobs/" + weights, "models--org--tiny/refs/main",
                "models--org--tiny/snapshots/" + kCommit + "/config.json",
                "models--org--tiny/snapshots/" + kCommit + "/model.safetensors",
                "models--org--tiny/snapshots/" + kCommit + "/vocab.txt",
                "models--org--tiny/.no_exist/" + kCommit + "/added_tokens.json",
                "models--org--tiny/.no_exist/" + kCommit + "/generation_config.json",
                "models--org--tiny/.no_exist/" + kCommit + "/preprocessor_config.json",
                "models--org--tiny/.no_exist/" + kCommit + "/processor_config.json",
                "models--org--tiny/.no_exist/" + kCommit + "/special_tokens_map.json",
                "models--org--tiny/.no_exist/" + kCommit + "/tokenizer.json",
                "models--org--tiny/.no_exist/" + kCommit + "/tokenizer_config.json"}));
}

TEST_F(ModelDownload, AWholeModelIsOnlyAskedAboutOnce) {
  pull();
  const std::size_t before = hub_.hub_requests().size();
  pull();
  EXPECT_EQ(hub_.hub_requests().size(), before + 1);  // where "main" is now
  EXPECT_EQ(hub_.storage_requests().size(), 1U);
  hub::find_model("org/tiny", options(), {});  // what the cache has whole is taken as it is
  download_model("org/tiny@" + kCommit, options());
  EXPECT_EQ(hub_.hub_requests().size(), before + 1);
}

TEST_F(ModelDownload, ABranchThatMovedBringsTheNewFiles) {
  pull();
  const std::string old_weights = hub_.files["model.safetensors"];
  hub_.commit = std::string(40, 'b');
  hub_.files["vocab.txt"] += "new\n";
  const fs::path directory = pull();
  EXPECT_EQ(directory.filename(), hub_.commit);
  EXPECT_EQ(content_of(directory / "vocab.txt"), hub_.files["vocab.txt"]);
  EXPECT_EQ(content_of(directory / "model.safetensors"), old_weights);
  EXPECT_EQ(content_of(quiet_.cache() / "models--org--tiny/refs/main"), hub_.commit);
  EXPECT_EQ(hub_.storage_requests().size(), 1U);  // the weights are the same blob
}

TEST_F(ModelDownload, TakesBranchesWithSlashesAndCommits) {
  hub_.branch = "refs%2Fpr%2F1";
  const fs::path directory = download_model("org/tiny@refs/pr/1", options());
  EXPECT_EQ(content_of(quiet_.cache() / "models--org--tiny/refs/refs/pr/1"), kCommit);
  HubOptions by_commit = options();
  by_commit.revision = kCommit;
  EXPECT_EQ(pull(by_commit), directory);
}

TEST_F(ModelDownload, TheTokenGoesToTheHubButNotToItsStorage) {
  HubOptions with_token = options();
  with_token.token = "hf_secret";
  pull(with_token);
  for (const ServerRequest& request : hub_.hub_requests()) {
    EXPECT_EQ(request.header("authorization"), "Bearer hf_secret");
    EXPECT_EQ(request.header("accept-encoding"), "identity");
    EXPECT_TRUE(request.header("user-agent").starts_with("blip.cpp/"));
  }
  ASSERT_EQ(hub_.storage_requests().size(), 1U);
  EXPECT_EQ(hub_.storage_requests().front().header("authorization"), "");
}

TEST_F(ModelDownload, AMovedRepositoryIsFollowedWithTheToken) {
  hub_.spoil_hub = [](const ServerRequest& request, ServerReply& reply) {
    const std::string old = "/old/name";
    if (!request.path.starts_with(old)) return;
    reply = {.status = 307,
             .headers = {{"Location", "/org/tiny" + request.path.substr(old.size())}}};
  };
  HubOptions with_token = options();
  with_token.token = "hf_secret";
  const fs::path directory = download_model("old/name", with_token);
  EXPECT_EQ(content_of(directory / "config.json"), kConfig);
  for (const ServerRequest& request : hub_.hub_requests()) {
    EXPECT_EQ(request.header("authorization"), "Bearer hf_secret");
  }
}

TEST_F(ModelDownload, FetchesShardsByTheirIndex) {
  hub_.files.erase("model.safetensors");
  hub_.files["pytorch_model.bin.index.json"] =
      R"({"weight_map": {"a": "p-1.bin", "b": "p-2.bin"}})";
  hub_.files["p-1.bin"] = "one";
  hub_.files["p-2.bin"] = "two";
  const fs::path directory = pull();
  EXPECT_EQ(content_of(directory / "p-2.bin"), "two");
  EXPECT_TRUE(fs::exists(quiet_.cache() / "models--org--tiny/.no_exist" / kCommit /
                         "model.safetensors.index.json"));
  const std::size_t before = hub_.hub_requests().size();
  hub::find_model("org/tiny", options(), {});
  EXPECT_EQ(hub_.hub_requests().size(), before);
}

TEST_F(ModelDownload, WithoutSymbolicLinksFilesLieInTheSnapshot) {
  const ScopedVariable variable("HF_HUB_DISABLE_SYMLINKS", "1");
  const fs::path directory = pull();
  for (const auto& entry : fs::directory_iterator(directory)) {
    EXPECT_TRUE(entry.is_regular_file() && !entry.is_symlink()) << entry.path();
  }
  EXPECT_THAT(tree(quiet_.cache() / "models--org--tiny/blobs"), IsEmpty());
  const std::size_t before = hub_.hub_requests().size();
  pull();
  EXPECT_EQ(hub_.hub_requests().size(), before + 1);
}

TEST_F(ModelDownload, TellsHowFarItIsAndStopsWhenTold) {
  hub_.files["model.safetensors"] = std::string(3'000'000, 'w');
  std::uint64_t last = 0;
  const DownloadProgress stop = [&](std::string_view file, std::uint64_t received,
                                    std::optional<std::uint64_t> total) {
    if (file != "model.safetensors" || !total) return true;
    EXPECT_EQ(total, 3'000'000U);
    EXPECT_GE(received, last);
    last = received;
    return received < 1'000'000;
  };
  expect_error(ErrorCode::cancelled, "org/tiny: model.safetensors: download stopped",
               [&] { download_model("org/tiny", options(), stop); });
  EXPECT_GE(last, 1'000'000U);
  EXPECT_FALSE(fs::exists(quiet_.cache() / "models--org--tiny/refs/main"));
  pull();
  ASSERT_EQ(hub_.storage_requests().size(), 2U);
  EXPECT_NE(hub_.storage_requests().back().header("range"), "");
}

TEST_F(ModelDownload, WhatACallbackThrowsArrives) {
  const DownloadProgress broken = [](auto, auto, auto) -> bool { throw std::logic_error("mine"); };
  EXPECT_THROW(download_model("org/tiny", options(), broken), std::logic_error);
}

TEST_F(ModelDownload, SeveralAtOnceFetchEachFileOnce) {
  std::list<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const fs::path directory = pull();
      good += content_of(directory / "model.safetensors") == hub_.files["model.safetensors"];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(hub_.storage_requests().size(), 1U);
}

TEST_F(ModelDownload, CachedModelsAreListed) {
  EXPECT_THAT(cached_models(options()), IsEmpty());
  pull();
  hub_.commit = std::string(40, 'b');
  hub_.files["vocab.txt"] += "new\n";
  pull();
  fs::create_directories(quiet_.cache() / "models--other--kind/snapshots" / kCommit);
  fs::create_directories(quiet_.cache() / "datasets--org--tiny/snapshots" / kCommit);
  std::ofstream(quiet_.cache() / "models--other--kind/snapshots" / kCommit / "config.json")
      << R"({"model_type": "bert"})";
  const auto models = cached_models(options());
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].id, "org/tiny");
  EXPECT_EQ(models[0].directory.filename(), hub_.commit);
  EXPECT_EQ(models[0].bytes, 300'000 + kConfig.size() + hub_.files["vocab.txt"].size());
  EXPECT_TRUE(models[0].complete);
  EXPECT_EQ(models[1].id, "org/tiny@" + kCommit);
  fs::remove(models[1].directory / "model.safetensors");
  EXPECT_FALSE(cached_models(options())[1].complete);
}

TEST_F(ModelDownload, IdsAreChecked) {
  for (const char* id : {"", "../x", "a/b/c", "a/b@..", "a b"}) {
    expect_error(ErrorCode::invalid_argument, "not a model id",
                 [&] { download_model(id, options()); });
  }
  HubOptions bad = options();
  bad.revision = "../../x";
  expect_error(ErrorCode::invalid_argument, "cannot be a revision", [&] { pull(bad); });
  bad = options();
  bad.token = "hf_\x01";
  expect_error(ErrorCode::invalid_argument, "the Authorization header would hold a control",
               [&] { pull(bad); });
}

}  // namespace
}  // namespace blip::testing
