// Requests as bytes: what the parser takes, and what it refuses because two readers could disagree.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "serve/http/http_error.hpp"
#include "serve/http/request_parser.hpp"
#include "serve/http/target.hpp"

namespace blip::serve {
namespace {

// What comes of `bytes` given in pieces of `piece` bytes: the status of the refusal, 0 if the
// request is not complete, 200 if it is.
int parse_in_pieces(const std::string& bytes, std::size_t piece, HttpRequest* request = nullptr,
                    const HttpLimits& limits = {}) {
  RequestParser parser(limits);
  std::string input;
  std::size_t given = 0;
  try {
    for (;;) {
      const std::size_t used = parser.put(input);
      input.erase(0, used);
      if (parser.state() == RequestParser::State::done) break;
      if (used > 0 || (parser.state() == RequestParser::State::body && !parser.has_body()))
        continue;
      if (given == bytes.size()) return 0;
      input += bytes.substr(given, piece);
      given = std::min(bytes.size(), given + piece);
    }
  } catch (const HttpError& error) {
    return error.status();
  }
  if (request != nullptr) *request = parser.request();
  return 200;
}

TEST(RequestParser, ReadsARequestInAnyPieces) {
  const std::string bytes =
      "POST /a%20b?x=1&y=a+b&z HTTP/1.1\r\nHost: h\r\nX-Twice: 1\r\nx-twice: 2\r\n"
      "Content-Length: 5\r\n\r\nhello";
  for (const std::size_t piece : {1U, 2U, 7U, 1000U}) {
    HttpRequest request;
    ASSERT_EQ(parse_in_pieces(bytes, piece, &request), 200) << piece;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/a b");
    EXPECT_EQ(request.query_value("x"), "1");
    EXPECT_EQ(request.query_value("y"), "a b");
    EXPECT_EQ(request.query_value("z"), "");
    EXPECT_EQ(request.headers.find("X-TWICE"), "1");
    EXPECT_EQ(*request.body, "hello");
  }
}

TEST(RequestParser, ReadsChunksInAnyPieces) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    HttpRequest request;
    ASSERT_EQ(parse_in_pieces(bytes, piece, &request), 200) << piece;
    EXPECT_EQ(*request.body, "hello world");
  }
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
  RequestParser parser({});
  const std::string one = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(parser.put(one + "GET /2"), one.size());
  EXPECT_EQ(parser.put("GET /2"), 0U);
  EXPECT_EQ(parser.state(), RequestParser::State::done);
}

TEST(RequestParser, RefusesWhatSmugglesRequests) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string chunks = "Transfer-Encoding: chunked\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {start + "Content-Length: 5\r\n" + chunks + "\r\n0\r\n\r\n", 400},
      {start + chunks + "Content-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {start + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
      {start + "Content-Length: 5, 5\r\n\r\nhello", 400},
      {start + "Content-Length: +5\r\n\r\nhello", 400},
      {start + "Content-Length: -1\r\n\r\n", 400},
      {start + "Content-Length: 0x5\r\n\r\nhello", 400},
      {start + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {start + "Content-Length:\r\n\r\n", 400},
      {start + "Content-Length : 5\r\n\r\nhello", 400},
      {start + chunks + chunks + "\r\n0\r\n\r\n", 400},
      {start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {start + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501},
      {start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {start + "Transfer-Encoding:\x0b"
               "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST / HTTP/1.0\r\n" + chunks + "\r\n0\r\n\r\n", 400},
      {start + "X: a\r\n b\r\n\r\n", 400},                        // a folded line
      {"POST / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", 400},       // folded at once
      {"POST / HTTP/1.1\nHost: h\n\n", 400},                      // bare LF
      {"POST / HTTP/1.1\r\nHost: h\n\r\n", 400},                  // one of them
      {start + "X: a\rY: b\r\n\r\n", 400},                        // bare CR
      {start + "X: a" + std::string(1, '\0') + "\r\n\r\n", 400},  // NUL
      {"POST / HTTP/1.1\r\n\r\n", 400},                           // no Host
      {start + "Host: other\r\n\r\n", 400},                       // two
      {start + ": empty\r\n\r\n", 400},
      {start + "no field\r\n\r\n", 400},
      {start + "b\xC3\xA4"
               "d: 1\r\n\r\n",
       400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"GET /\r\nHost: h\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"GET relative HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%0 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /caf\xC3\xA9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {start + chunks + "\r\n-5\r\nhello\r\n0\r\n\r\n", 400},
      {start + chunks + "\r\n0x5\r\nhello\r\n0\r\n\r\n", 400},
      {start + chunks + "\r\n5\nhello\r\n0\r\n\r\n", 400},
      {start + chunks + "\r\n5\r\nhelloo\r\n0\r\n\r\n", 400},
      {start + chunks + "\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n", 400},
      {"\x16\x03\x01\x02\r\n\r\n", 400},  // TLS
  };
  for (const auto& [bytes, status] : cases) {
    for (const std::size_t piece : {1U, 4096U}) {
      EXPECT_EQ(parse_in_pieces(bytes, piece), status) << ::testing::PrintToString(bytes);
    }
  }
}

TEST(RequestParser, HasLimits) {
  const HttpLimits limits;
  const std::string host = " HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(parse_in_pieces("GET /" + std::string(9000, 'a') + host + "\r\n", 4096), 414);
  EXPECT_EQ(parse_in_pieces("GET /" + std::string(9000, 'a'), 4096), 414);
  EXPECT_EQ(parse_in_pieces("GET /" + host + "X: " + std::string(17'000, 'a') + "\r\n\r\n", 4096),
            431);
  EXPECT_EQ(parse_in_pieces("GET /" + host + "X: " + std::string(17'000, 'a'), 4096), 431);
  std::string many = "GET /" + host;
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  EXPECT_EQ(parse_in_pieces(many + "\r\n", 4096), 431);
  std::string query = "GET /?";
  for (int i = 0; i < 300; ++i) query += "a&";
  EXPECT_EQ(parse_in_pieces(query + host + "\r\n", 4096), 400);
  const HttpLimits small = {.body_bytes = 10};
  const std::string chunked = "POST /" + host + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse_in_pieces(chunked + "b\r\n0123456789a\r\n0\r\n\r\n", 4096, nullptr, small), 413);
  EXPECT_EQ(parse_in_pieces(chunked + "a\r\n0123456789\r\n0\r\n\r\n", 4096, nullptr, small), 200);
  EXPECT_EQ(parse_in_pieces(chunked + "5;" + std::string(5000, 'a'), 4096), 400);
}

// Memory is taken for what comes, not for what is promised.
TEST(RequestParser, BelievesNoContentLength) {
  RequestParser parser(HttpLimits{});
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999999\r\n\r\n";
  EXPECT_EQ(parser.put(head), head.size());
  EXPECT_EQ(parser.put("hello"), 5U);
  EXPECT_EQ(parser.body_bytes(), 5U);
  EXPECT_EQ(parser.state(), RequestParser::State::body);
}

TEST(Target, MayBeAbsolute) {
  EXPECT_EQ(parse_target("http://host:80/a?b=c").path, "/a");
  EXPECT_EQ(parse_target("https://host").path, "/");
  EXPECT_EQ(parse_target("http://host?q=1").query.front().second, "1");
  EXPECT_EQ(parse_target("*").path, "*");
  EXPECT_EQ(parse_target("/a/../b").path, "/a/../b");
}

}  // namespace
}  // namespace blip::serve
