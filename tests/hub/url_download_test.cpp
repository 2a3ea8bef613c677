// download: files from URLs, within limits.
#include <gmock/gmock.h>

#include <string>

#include "blip/hub.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/hub/http_server.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::testing {
namespace {

std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class UrlDownload : public ::testing::Test {
 protected:
  static ServerReply answer(const ServerRequest& request) {
    if (request.path == "/dog.jpg") return {.body = "a dog"};
    if (request.path == "/stream") return {.body = "a dog", .without_length = true};
    if (request.path == "/empty") return {};
    if (request.path == "/large") return {.body = std::string(2000, 'x')};
    if (request.path == "/endless") return {.body = std::string(2000, 'x'), .without_length = true};
    if (request.path == "/promise") return {.body = "x", .promised = 1'000'000'000'000};
    if (request.path == "/broken") return {.body = "a dog", .break_off_after = 2};
    if (request.path == "/mute") return {.delay = std::chrono::seconds(60)};
    if (request.path == "/trickle") {
      return {.body = std::string(1000, 'x'), .piece = 1, .pause = std::chrono::milliseconds(50)};
    }
    if (request.path == "/file") return redirect("file:///etc/passwd");
    if (request.path.starts_with("/hop/")) {
      const int left = std::stoi(request.path.substr(5));
      return redirect(left == 1 ? "/dog.jpg" : "/hop/" + std::to_string(left - 1));
    }
    if (request.path == "/status/302") return {.status = 302};
    if (request.path.starts_with("/status/")) {
      return {.status = std::stoi(request.path.substr(8)), .body = "an explanation"};
    }
    return {.status = 404};
  }
  static ServerReply redirect(const std::string& target) {
    return {.status = 302, .headers = {{"Location", target}}, .body = "over there"};
  }
  void expect_failure(ErrorCode code, const std::string& path, const std::string& part,
                      const DownloadLimits& limits = {}) const {
    const std::string url = server_.url(path);
    expect_error(code, url + ": " + part, [&] { download(url, limits); });
  }

  QuietEnvironment quiet_;
  HttpServer server_{&answer};
};

TEST_F(UrlDownload, BringsTheBytes) {
  EXPECT_EQ(as_text(download(server_.url("/dog.jpg"))), "a dog");
  EXPECT_EQ(as_text(download(server_.url("/stream"))), "a dog");
  EXPECT_EQ(as_text(download(server_.url("/empty"))), "");
  EXPECT_EQ(as_text(download(server_.url("/hop/5"))), "a dog");
  for (const ServerRequest& request : server_.requests()) {
    EXPECT_EQ(request.header("authorization"), "");
    EXPECT_EQ(request.header("cookie"), "");
  }
}

TEST_F(UrlDownload, RedirectsAreCounted) {
  expect_failure(ErrorCode::network, "/hop/6", "more than 5 redirects");
  expect_failure(ErrorCode::network, "/hop/1", "more than 0 redirects", {.max_redirects = 0});
}

TEST_F(UrlDownload, RedirectsLeadToTheWebOnly) {
  expect_failure(ErrorCode::network, "/file", "redirects to \"file:///etc/passwd\": ");
}

TEST_F(UrlDownload, SizesAreBounded) {
  const DownloadLimits small = {.max_bytes = 1999};
  expect_failure(ErrorCode::limit_exceeded, "/large", "larger than the 1999 bytes allowed", small);
  expect_failure(ErrorCode::limit_exceeded, "/endless", "larger than the 1999", small);
  expect_failure(ErrorCode::limit_exceeded, "/promise", "larger than the 67108864");
  EXPECT_EQ(download(server_.url("/large"), {.max_bytes = 2000}).size(), 2000U);
}

TEST_F(UrlDownload, TimesAreBounded) {
  const DownloadLimits quick = {.total_time = std::chrono::milliseconds(300)};
  const auto begin = std::chrono::steady_clock::now();
  expect_failure(ErrorCode::network, "/mute", "Operation timed out", quick);
  expect_failure(ErrorCode::network, "/trickle", "Operation timed out", quick);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  expect_failure(ErrorCode::invalid_argument, "/dog.jpg", "the time allowed", {.total_time = {}});
}

TEST_F(UrlDownload, WhatIsBrokenOffIsNotTaken) {
  expect_failure(ErrorCode::network, "/broken", "");
  expect_error(ErrorCode::network,
               "http://127.0.0.1:1/x: ", [] { download("http://127.0.0.1:1/x"); });
}

TEST_F(UrlDownload, StatusesAreTold) {
  expect_failure(ErrorCode::not_found, "/status/404", "the server answers 404 (there is no");
  expect_failure(ErrorCode::network, "/status/403", "the server answers 403");
  expect_failure(ErrorCode::network, "/status/503", "the server answers 503");
  expect_failure(ErrorCode::network, "/status/204", "the server answers 204");
  expect_failure(ErrorCode::network, "/status/302", "the server answers 302");
}

TEST_F(UrlDownload, OtherAddressesAreRefused) {
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/x", "data:image/png;base64,AA", "x"}) {
    expect_error(ErrorCode::invalid_argument, std::string(url) + ": ", [&] { download(url); });
  }
}

}  // namespace
}  // namespace blip::testing
