// download_model against a hub that misbehaves.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <iterator>

#include "blip/hub.hpp"
#include "hub/model_download.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/hub/fake_hub.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;

class BrokenHub : public ::testing::Test {
 protected:
  BrokenHub() {
    for (int i = 0; i < 400'000; ++i) weights_ += static_cast<char>(i * 7 + i / 251);
    hub_.files["model.safetensors"] = weights_;
    options_ = quiet_.options(hub_.url());
  }

  fs::path pull() const { return download_model("org/tiny", options_); }
  [[nodiscard]] std::string pulled_weights() const {
    std::ifstream file(pull() / "model.safetensors", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] fs::path blob() const {
    return quiet_.cache() / "models--org--tiny/blobs" / sha256(weights_);
  }
  [[nodiscard]] fs::path partial() const { return blob().string() + ".incomplete"; }
  void leave_partial(const std::string& content) const {
    fs::create_directories(partial().parent_path());
    std::ofstream(partial(), std::ios::binary) << content;
  }
  void expect_refused(ErrorCode code, const std::string& part) const {
    expect_error(code, part, [&] { pull(); });
    EXPECT_FALSE(fs::exists(blob()));
    EXPECT_FALSE(fs::exists(quiet_.cache() / "models--org--tiny/refs/main"));
  }

  QuietEnvironment quiet_;
  FakeHub hub_;
  HubOptions options_;
  std::string weights_;
};

TEST_F(BrokenHub, ADroppedConnectionIsResumedWhereItBroke) {
  std::atomic<int> requests = 0;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    if (++requests <= 3) reply.break_off_after = 100'000;
  };
  EXPECT_EQ(pulled_weights(), weights_);
  const auto seen = hub_.storage_requests();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].header("range"), "");
  EXPECT_EQ(seen[1].header("range"), "bytes=100000-");
  EXPECT_EQ(seen[3].header("range"), "bytes=300000-");
}

TEST_F(BrokenHub, AnEarlierProcesssPartIsResumed) {
  leave_partial(weights_.substr(0, 250'000));
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.storage_requests().front().header("range"), "bytes=250000-");
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(BrokenHub, AnEarlierPartThatIsWrongIsThrownAway) {
  leave_partial(std::string(250'000, 'x'));
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.storage_requests().size(), 2U);
}

TEST_F(BrokenHub, AnEarlierPartThatIsTooLongOrWholeIsHandled) {
  leave_partial(weights_ + "more");
  EXPECT_EQ(pulled_weights(), weights_);
  fs::remove_all(quiet_.cache());
  leave_partial(weights_);
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.storage_requests().size(), 1U);  // of the first
}

TEST_F(BrokenHub, AServerWithoutRangesStartsAnew) {
  leave_partial(weights_.substr(0, 250'000));
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = weights_};
  };
  EXPECT_EQ(pulled_weights(), weights_);
}

TEST_F(BrokenHub, GivesUpOnAConnectionThatAlwaysBreaks) {
  hub_.spoil_storage = [](const ServerRequest&, ServerReply& reply) { reply.break_off_after = 10; };
  expect_refused(ErrorCode::network, "org/tiny: model.safetensors: localhost: ");
  EXPECT_EQ(hub_.storage_requests().size(), 6U);
  EXPECT_EQ(fs::file_size(partial()), 60U);  // and keeps what it has
}

TEST_F(BrokenHub, OverloadIsWaitedOut) {
  std::atomic<int> hub_requests = 0;
  std::atomic<int> storage_requests = 0;
  hub_.spoil_hub = [&](const ServerRequest&, ServerReply& reply) {
    if (++hub_requests <= 2) reply = {.status = 503};
  };
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    ++storage_requests;
    if (storage_requests == 1) reply = {.status = 429, .headers = {{"Retry-After", "0"}}};
    if (storage_requests == 2) reply = {.status = 500, .body = "an explanation"};
  };
  EXPECT_EQ(pulled_weights(), weights_);
}

TEST_F(BrokenHub, OverloadForEverIsGivenUp) {
  hub_.spoil_hub = [](const ServerRequest&, ServerReply& reply) { reply = {.status = 503}; };
  expect_refused(ErrorCode::network, "answers 503 for config.json");
  EXPECT_EQ(hub_.hub_requests().size(), 6U);
}

TEST_F(BrokenHub, ALinkThatExpiredIsRenewed) {
  std::atomic<int> requests = 0;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    ++requests;
    if (requests == 1) reply.break_off_after = 200'000;
    if (requests == 2) reply = {.status = 403};
  };
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(requests, 3);
}

TEST_F(BrokenHub, AShortBodyIsNotTaken) {
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = weights_.substr(0, 1000)};
  };
  expect_refused(ErrorCode::network, "sends less than promised (1000 of 400000 bytes are there)");
}

TEST_F(BrokenHub, ALongBodyIsNotTaken) {
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = weights_ + "x"};
  };
  expect_refused(ErrorCode::malformed, "sends more than the 400000 bytes promised");
}

TEST_F(BrokenHub, AWrongPartIsNotTaken) {
  leave_partial(weights_.substr(0, 1000));
  hub_.spoil_storage = [](const ServerRequest&, ServerReply& reply) {
    reply.headers = {{"Content-Range", "bytes 999-399999/400000"}};
  };
  expect_refused(ErrorCode::malformed, "sends another part than asked");
}

TEST_F(BrokenHub, AWrongHashIsNotTaken) {
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = std::string(weights_.size(), 'x')};
  };
  expect_refused(ErrorCode::malformed, "model.safetensors: SHA-256 is ");
  EXPECT_EQ(fs::file_size(partial()), 0U);
}

TEST_F(BrokenHub, AWrongHashOfASmallFileIsNotTaken) {
  hub_.spoil_hub = [](const ServerRequest& request, ServerReply& reply) {
    if (request.method == "GET") reply.body.back() = '!';
  };
  expect_refused(ErrorCode::malformed, "config.json: git hash is ");
}

TEST_F(BrokenHub, AGiantIsRefusedBeforeItComes) {
  hub_.spoil_hub = [](const ServerRequest& request, ServerReply& reply) {
    if (!request.path.ends_with("vocab.txt")) return;
    reply.headers.emplace_back("X-Linked-Size", "33554433");
  };
  expect_refused(ErrorCode::limit_exceeded, "vocab.txt: larger than the 33554432 bytes allowed");
}

TEST_F(BrokenHub, ATransferThatStallsIsBrokenOff) {
  options_.stall_timeout = std::chrono::seconds(1);
  std::atomic<int> requests = 0;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    if (++requests > 1) return;
    reply.piece = 100'000;
    reply.pause = std::chrono::seconds(60);
  };
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(requests, 2);
}

TEST_F(BrokenHub, RedirectsThatNeverEndAreNotFollowedForEver) {
  hub_.spoil_hub = [](const ServerRequest& request, ServerReply& reply) {
    reply = {.status = 302, .headers = {{"Location", request.path}}};
  };
  expect_refused(ErrorCode::network, "redirects more than 20 times for config.json");
  hub_.spoil_hub = nullptr;
  hub_.spoil_storage = [](const ServerRequest& request, ServerReply& reply) {
    reply = {.status = 302, .headers = {{"Location", request.path}}};
  };
  expect_refused(ErrorCode::network, "model.safetensors: more than 20 redirects");
}

TEST_F(BrokenHub, RedirectsLeadToTheWebOnly) {
  for (const char* target : {"file:///etc/passwd", "ftp://127.0.0.1/x", "dict://127.0.0.1:1/x"}) {
    hub_.spoil_hub = [&](const ServerRequest&, ServerReply& reply) {
      reply = {.status = 302,
               .headers = {{"X-Repo-Commit", kCommit}, {"ETag", "\"abc\""}, {"Location", target}}};
    };
    expect_refused(ErrorCode::network, "only http and https are");
    hub_.spoil_hub = nullptr;
    hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
      reply = {.status = 302, .headers = {{"Location", target}}};
    };
    expect_refused(ErrorCode::network, "only http and https are");
    hub_.spoil_storage = nullptr;
  }
}

TEST_F(BrokenHub, ARedirectedTransferKeepsTheTokenFromOtherHosts) {
  // A mirror that hands out its own address first, which then leads elsewhere.
  options_.token = "hf_secret";
  HttpServer elsewhere([&](const ServerRequest& request) { return with_range(request, weights_); });
  hub_.spoil_hub = [&](const ServerRequest& request, ServerReply& reply) {
    if (request.method == "HEAD" && request.path.ends_with("model.safetensors")) {
      reply.status = 200;
      std::erase_if(reply.headers, [](const auto& header) { return header.first == "Location"; });
    } else if (request.path.ends_with("model.safetensors")) {
      reply = {.status = 302, .headers = {{"Location", elsewhere.url("/w", "localhost")}}};
    }
  };
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.hub_requests().back().header("authorization"), "Bearer hf_secret");
  ASSERT_EQ(elsewhere.requests().size(), 1U);
  EXPECT_EQ(elsewhere.requests().front().header("authorization"), "");
}

TEST_F(BrokenHub, HostileNamesStayOutOfTheFileSystem) {
  const auto with_header = [&](const std::string& name, const std::string& value) {
    hub_.spoil_hub = [=](const ServerRequest&, ServerReply& reply) {
      std::erase_if(reply.headers, [&](const auto& header) { return header.first == name; });
      reply.headers.emplace_back(name, value);
    };
  };
  with_header("ETag", "\"../../../../evil\"");
  expect_refused(ErrorCode::malformed, "config.json: unusable ETag \"\"../../../../evil\"\"");
  with_header("X-Repo-Commit", "../../evil");
  expect_refused(ErrorCode::network, "does not answer as a hub does");
  hub_.spoil_hub = nullptr;
  hub_.files.erase("model.safetensors");
  hub_.files["model.safetensors.index.json"] = R"({"weight_map": {"a": "../../evil"}})";
  expect_error(ErrorCode::malformed, "lists \"../../evil\" where the name of a file should be",
               [&] { pull(); });
}

TEST_F(BrokenHub, AFloodOfHeadersIsRefused) {
  hub_.spoil_hub = [](const ServerRequest&, ServerReply& reply) {
    for (int i = 0; i < 100; ++i) reply.headers.emplace_back("X-Flood", std::string(4000, 'x'));
  };
  expect_refused(ErrorCode::network, "sends too many headers");
}

TEST_F(BrokenHub, SaysWhyTheHubRefuses) {
  const auto answer = [&](int status, const std::string& code, const std::string& message) {
    hub_.spoil_hub = [=](const ServerRequest&, ServerReply& reply) {
      reply = {.status = status};
      if (!code.empty()) reply.headers.emplace_back("X-Error-Code", code);
      if (!message.empty()) reply.headers.emplace_back("X-Error-Message", message);
    };
  };
  answer(403, "GatedRepo", "");
  expect_refused(ErrorCode::network,
                 "org/tiny: gated: ask for access at " + hub_.url() + "/org/tiny");
  answer(401, "", "Invalid credentials in Authorization header");
  expect_refused(ErrorCode::network, "does not know the token");
  answer(401, "", "");
  expect_refused(ErrorCode::not_found, "org/tiny: no such model at " + hub_.url());
  answer(403, "", "Not for you");
  expect_refused(ErrorCode::network, "answers 403 for config.json: Not for you");
  answer(404, "RevisionNotFound", "");
  expect_refused(ErrorCode::not_found, "org/tiny: has no revision \"main\"");
  answer(404, "EntryNotFound", "");
  expect_refused(ErrorCode::unsupported, "has no config.json");
}

TEST_F(BrokenHub, AModelThatIsNotBlipIsNotDownloaded) {
  hub_.files["config.json"] = R"({"model_type": "blip-2"})";
  expect_refused(ErrorCode::unsupported, "org/tiny: not a BLIP model");
  EXPECT_TRUE(hub_.storage_requests().empty());
}

TEST_F(BrokenHub, WithoutANetworkTheCacheIsTheAnswer) {
  const fs::path directory = pull();
  options_.endpoint = "http://127.0.0.1:1";  // nobody listens there
  EXPECT_EQ(pull(), directory);
  EXPECT_EQ(hub::find_model("org/tiny", options_, {}), directory);
  fs::remove(directory / "model.safetensors");
  expect_error(ErrorCode::network, "org/tiny: http://127.0.0.1:1: ", [&] { pull(); });
}

TEST_F(BrokenHub, AHubOutOfOrderDoesNotTakeTheCacheAway) {
  const fs::path directory = pull();
  for (const int status : {500, 503, 401, 403, 404}) {
    hub_.spoil_hub = [=](const ServerRequest&, ServerReply& reply) { reply = {.status = status}; };
    EXPECT_EQ(pull(), directory) << status;
  }
  hub_.spoil_hub = [](const ServerRequest&, ServerReply& reply) {
    reply = {.status = 404, .headers = {{"X-Error-Code", "RevisionNotFound"}}};
  };
  expect_error(ErrorCode::not_found, "has no revision", [&] { pull(); });
}

TEST_F(BrokenHub, OfflineNothingIsAsked) {
  options_.offline = true;
  expect_error(ErrorCode::not_found, "org/tiny: not in the cache " + quiet_.cache().string(),
               [&] { pull(); });
  EXPECT_TRUE(hub_.hub_requests().empty());
  options_.offline = false;
  const fs::path directory = pull();
  const std::size_t before = hub_.hub_requests().size();
  options_.offline = true;
  EXPECT_EQ(pull(), directory);
  EXPECT_EQ(download_model("org/tiny@" + kCommit, options_), directory);
  expect_error(ErrorCode::not_found, "org/tiny@other: not in the cache",
               [&] { download_model("org/tiny@other", options_); });
  fs::remove(directory / "config.json");
  expect_error(ErrorCode::not_found, "org/tiny: not complete in the cache", [&] { pull(); });
  EXPECT_EQ(hub_.hub_requests().size(), before);
}

TEST_F(BrokenHub, AGarbledReferenceIsMended) {
  const fs::path directory = pull();
  const fs::path reference = quiet_.cache() / "models--org--tiny/refs/main";
  std::ofstream(reference) << "../../../../etc";
  options_.offline = true;
  expect_error(ErrorCode::not_found, "not in the cache", [&] { pull(); });
  options_.offline = false;
  EXPECT_EQ(pull(), directory);
  std::ifstream mended(reference);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(mended), {}), kCommit);
}

TEST_F(BrokenHub, ACacheThatCannotBeWrittenIsNamed) {
  std::ofstream(quiet_.cache()) << "a file";
  expect_error(ErrorCode::unreadable, quiet_.cache().string(), [&] { pull(); });
}

TEST_F(BrokenHub, ALinkInPlaceOfAPartIsNotFollowed) {
  const TemporaryDirectory directory;
  const fs::path victim = directory.write("victim", "precious");
  fs::create_directories(partial().parent_path());
  fs::create_symlink(victim, partial());
  expect_error(ErrorCode::unreadable, "cannot be written", [&] { pull(); });
  EXPECT_EQ(fs::file_size(victim), 8U);
}

}  // namespace
}  // namespace blip::testing
