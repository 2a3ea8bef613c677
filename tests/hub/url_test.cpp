#include "hub/url.hpp"

#include <gmock/gmock.h>

#include "tests/core/expect_error.hpp"

namespace blip::hub {
namespace {

TEST(Url, TakesHttpAndHttps) {
  EXPECT_EQ(Url::parse("http://example.org").text(), "http://example.org/");
  EXPECT_EQ(Url::parse("HTTPS://Example.org:8443/a%20b?c=d").host(), "example.org");
  EXPECT_THAT(Url::parse("http://example.org/a b/\xC3\xA9").text(),
              ::testing::StrCaseEq("http://example.org/a%20b/%c3%a9"));
  EXPECT_EQ(Url::parse("http://[::1]:80/x").host(), "[::1]");
}

TEST(Url, TakesNothingElse) {
  for (const char* text :
       {"", "example.org", "/etc/passwd", "http://", "://x", "http://a b/", "http://x:99999/"}) {
    expect_error(ErrorCode::invalid_argument, "not a URL", [&] { Url::parse(text); });
  }
  for (const char* text :
       {"file:///etc/passwd", "ftp://example.org/x", "gopher://x/", "s3://b/k"}) {
    expect_error(ErrorCode::invalid_argument, "only http and https are", [&] { Url::parse(text); });
  }
  expect_error(ErrorCode::invalid_argument, "not a URL",
               [] { Url::parse("http://x/\r\nX-Evil: 1"); });
  expect_error(ErrorCode::invalid_argument, "not a URL",
               [] { Url::parse(std::string_view("http://x/\0y", 11)); });
  expect_error(ErrorCode::invalid_argument, "longer than 16384 bytes",
               [] { Url::parse("http://x/" + std::string(20'000, 'a')); });
}

TEST(Url, FollowsLocations) {
  const Url page = Url::parse("https://example.org/a/b?c");
  EXPECT_EQ(page.follow("/x").text(), "https://example.org/x");
  EXPECT_EQ(page.follow("x").text(), "https://example.org/a/x");
  EXPECT_EQ(page.follow("http://elsewhere.org/").text(), "http://elsewhere.org/");
  EXPECT_EQ(page.follow("//elsewhere.org/x").text(), "https://elsewhere.org/x");
  expect_error(ErrorCode::network, "redirects to \"file:///etc/passwd\"",
               [&] { static_cast<void>(page.follow("file:///etc/passwd")); });
  expect_error(ErrorCode::network, "redirects to \"\"",
               [&] { static_cast<void>(page.follow("")); });
}

TEST(Url, OriginIsProtocolHostAndPort) {
  const Url url = Url::parse("https://example.org/a");
  EXPECT_TRUE(url.same_origin(Url::parse("https://EXAMPLE.org:443/b")));
  EXPECT_FALSE(url.same_origin(Url::parse("http://example.org/a")));
  EXPECT_FALSE(url.same_origin(Url::parse("https://example.org:444/a")));
  EXPECT_FALSE(url.same_origin(Url::parse("https://example.org.evil.net/a")));
  EXPECT_FALSE(url.same_origin(Url::parse("https://example.org@evil.net/a")));
}

TEST(Url, PercentEncodesWhatIsNotPlain) {
  EXPECT_EQ(percent_encoded("refs/pr 1?#\xC3\xA9~"), "refs%2Fpr%201%3F%23%C3%A9~");
}

}  // namespace
}  // namespace blip::hub
