#include "hub/http_response.hpp"

#include <gmock/gmock.h>

namespace blip::hub {
namespace {

using ::testing::Optional;

HttpResponse response_of(std::initializer_list<std::string_view> lines) {
  HttpResponse response;
  for (const std::string_view line : lines) EXPECT_TRUE(response.add_line(line));
  return response;
}

TEST(HttpResponse, ReadsStatusAndHeaders) {
  const HttpResponse response =
      response_of({"HTTP/1.1 302 Found\r\n", "LOCATION:  /x y \t\r\n", "no colon\r\n", "\r\n"});
  EXPECT_EQ(response.status, 302);
  EXPECT_THAT(response.header("location"), Optional(std::string_view("/x y")));
  EXPECT_TRUE(response.is_redirect());
  EXPECT_EQ(response.header("absent"), std::nullopt);
}

TEST(HttpResponse, AnInterimResponseLeavesNothingBehind) {
  const HttpResponse response =
      response_of({"HTTP/1.1 100 Continue\r\n", "ETag: old\r\n", "HTTP/2 200 \r\n"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("etag"), std::nullopt);
}

TEST(HttpResponse, SurvivesNonsense) {
  EXPECT_EQ(response_of({"HTTP/"}).status, 0);
  EXPECT_EQ(response_of({"HTTP/1.1"}).status, 0);
  EXPECT_EQ(response_of({"HTTP/1.1 2x"}).status, 2);
  EXPECT_FALSE(response_of({"HTTP/1.1 302 Found"}).is_redirect());
  HttpResponse flood;
  int lines = 0;
  while (flood.add_line("X: " + std::string(1000, 'a'))) ++lines;
  EXPECT_NEAR(lines, 261, 1);
}

TEST(HttpResponse, ReadsRangesAndWaits) {
  const auto begin = [](std::string_view line) { return response_of({line}).range_begin(); };
  EXPECT_THAT(begin("Content-Range: bytes 7-9/10"), Optional(7U));
  EXPECT_EQ(begin("Content-Range: bytes */10"), std::nullopt);
  EXPECT_EQ(begin("Content-Range: bytes -9/10"), std::nullopt);
  EXPECT_EQ(begin("Content-Range: lines 7-9/10"), std::nullopt);
  EXPECT_EQ(begin("Content-Range: bytes 99999999999999999999-"), std::nullopt);
  const auto wait = [](std::string_view line) { return response_of({line}).retry_after(); };
  EXPECT_THAT(wait("Retry-After: 3"), Optional(std::chrono::seconds(3)));
  EXPECT_THAT(wait("Retry-After: 18446744073709551615"), Optional(std::chrono::seconds(60)));
  EXPECT_EQ(wait("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"), std::nullopt);
}

TEST(HttpResponse, NormalizesETagsAsHuggingfaceHubDoes) {
  EXPECT_THAT(normalized_etag("\"abc\""), Optional(std::string("abc")));
  EXPECT_THAT(normalized_etag("W/\"a.b-c_d\""), Optional(std::string("a.b-c_d")));
  EXPECT_THAT(normalized_etag("abc"), Optional(std::string("abc")));
}

TEST(HttpResponse, RefusesETagsThatAreNoFileNames) {
  for (const char* text :
       {"", "\"\"", "W/", "\"../x\"", "\"..\"", "\".hidden\"", "\"a/b\"", "\"a b\"", R"("a\b")",
        "\"x.incomplete\"", "\"x.lock\"", "\"\xC3\xA9\""}) {
    EXPECT_EQ(normalized_etag(text), std::nullopt) << text;
  }
  EXPECT_EQ(normalized_etag(std::string(201, 'a')), std::nullopt);
  EXPECT_EQ(normalized_etag(std::string_view("a\0b", 3)), std::nullopt);
}

}  // namespace
}  // namespace blip::hub
