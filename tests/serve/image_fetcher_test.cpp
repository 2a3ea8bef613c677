// Pictures by URL, from a server on this machine.
#include "serve/pictures/image_fetcher.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "test_server.hpp"

namespace blip::serve {
namespace {

HttpResponse redirect_to(const std::string& location) {
  HttpResponse response = HttpResponse::text(302, "secret of the redirect");
  response.headers.set("Location", location);
  return response;
}

std::optional<HttpResponse> picture_host(const HttpRequest& request) {
  if (request.path == "/picture") return HttpResponse::text(200, "picture");
  if (request.path == "/hop") return redirect_to("/picture?x");
  if (request.path == "/two-hops") return redirect_to("hop");
  if (request.path == "/three-hops") return redirect_to("/two-hops");
  if (request.path == "/four-hops") return redirect_to("/three-hops");
  if (request.path == "/to-metadata") return redirect_to("http://169.254.169.254/latest/");
  if (request.path == "/to-file") return redirect_to("file:///etc/passwd");
  if (request.path == "/to-other-port") return redirect_to("http://127.0.0.1:1/");
  if (request.path == "/large") return HttpResponse::text(200, std::string(2000, 'x'));
  return HttpResponse::text(404, "secret of the page");
}

class ImageFetcherOfThisMachine : public ::testing::Test {
 protected:
  static ServerOptions host_options() {
    ServerOptions options;
    options.page = picture_host;
    options.access.allowed_hosts = {"*"};
    return options;
  }

  std::string fetch(const std::string& path, const std::string& host = "127.0.0.1") {
    const std::string place = host + ":" + std::to_string(server_.port());
    const ImageFetcher fetcher(UrlPolicy(false, {place}), {.bytes = 1000}, [](const std::string&) {
      return std::vector{*IpAddress::parse("127.0.0.1")};
    });
    try {
      return fetcher.fetch("http://" + place + path);
    } catch (const Error& error) {
      return "error: " + std::string(error.what());
    }
  }

  TestServer server_{host_options()};
};

TEST_F(ImageFetcherOfThisMachine, FetchesAndFollowsThreeRedirects) {
  EXPECT_EQ(fetch("/picture"), "picture");
  EXPECT_EQ(fetch("/hop"), "picture");
  EXPECT_EQ(fetch("/three-hops"), "picture");
  EXPECT_EQ(fetch("/four-hops"), "error: the image URL redirects too often");
}

// No resolver knows the name: the connection goes to the address that was checked.
TEST_F(ImageFetcherOfThisMachine, ConnectsToTheAddressThatWasChecked) {
  EXPECT_EQ(fetch("/picture", "rebind.invalid"), "picture");
}

TEST_F(ImageFetcherOfThisMachine, ChecksEveryHop) {
  EXPECT_TRUE(fetch("/to-metadata").starts_with("error: the image URL is not fetched"));
  EXPECT_TRUE(fetch("/to-file").starts_with("error: the image URL is not fetched"));
  EXPECT_TRUE(fetch("/to-other-port").starts_with("error: the image URL is not fetched"));
}

TEST_F(ImageFetcherOfThisMachine, TellsNothingOfTheOtherSide) {
  EXPECT_EQ(fetch("/missing"), "error: the image URL's host does not give an image");
  EXPECT_EQ(fetch("/large"), "error: the image at the URL is larger than 1000 bytes");
}

TEST_F(ImageFetcherOfThisMachine, HeedsNoProxy) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EXPECT_EQ(fetch("/picture"), "picture");
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
}

}  // namespace
}  // namespace blip::serve
