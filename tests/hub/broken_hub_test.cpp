// download_model when the hub refuses, lies, leads astray or is not there.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "hub/model_download.hpp"
#include "tests/hub/broken_hub.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;

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
  expect_refused(ErrorCode::malformed, R"(config.json: unusable ETag ""../../../../evil"")");
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
