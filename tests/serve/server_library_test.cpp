// The photo library over sockets: keys, origins and the page are those of all else.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "search/library_index.hpp"
#include "serve/page/page.hpp"
#include "test_server.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::serve {
namespace {

const std::string kPhoto = "/blip/v1/library/photos/1";
const std::string kKey = "Authorization: Bearer secret\r\n";

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string put_caption(const std::string& fields) {
  return "PUT" + post(kPhoto + "/caption", R"({"caption": "by a person"})",
                      "Content-Type: application/json\r\n" + fields)
                     .substr(4);
}

class ServerLibraryTest : public ::testing::Test {
 protected:
  ServerOptions options(bool with_key) {
    {
      search::LibraryIndex index(file_, search::Access::write);
      index.put_picture(std::string(BLIP_PHOTOS) + "/cat.jpg", {.size = 7, .mtime = 8},
                        {.hash = std::string(64, 'a'), .width = 640, .height = 522});
    }
    ServerOptions options;
    options.dialects = {native_dialect()};
    options.library = ServedLibrary{
        std::make_shared<app::PhotoLibrary>(app::PhotoLibraryOptions{.index = file_}), ""};
    options.page = page_response_with_library;
    if (with_key) options.access.keys = {"secret"};
    return options;
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "library.db";
};

TEST_F(ServerLibraryTest, NeedsTheKeyButForThePage) {
  const TestServer server(options(/*with_key=*/true));
  for (const std::string& path :
       {std::string("/blip/v1/library"), kPhoto, kPhoto + "/thumbnail", kPhoto + "/picture"}) {
    EXPECT_EQ(server.ask(get(path)).status, 401) << path;
    EXPECT_EQ(server.ask(get(path, kKey)).status, 200) << path;
  }
  EXPECT_EQ(server.ask(put_caption("")).status, 401);
  EXPECT_EQ(server.ask(put_caption(kKey)).status, 200);
  const TestResponse page = server.ask(get("/library"));
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(holds(page.head, "Content-Security-Policy: default-src 'none'")) << page.head;
}

TEST_F(ServerLibraryTest, OtherSitesChangeAndShowNothing) {
  const TestServer server(options(/*with_key=*/false));
  EXPECT_EQ(server.ask(put_caption("Origin: https://evil.example\r\n")).status, 403);
  EXPECT_TRUE(holds(server.ask(get(kPhoto)).body, "\"caption\":null"));
  EXPECT_EQ(server.ask(put_caption("Origin: http://localhost\r\n")).status, 200);
  EXPECT_TRUE(holds(server.ask(get(kPhoto)).body, "by a person"));
  for (const std::string& path : {kPhoto, kPhoto + "/thumbnail", kPhoto + "/picture"}) {
    const TestResponse response = server.ask(get(path, "Origin: https://evil.example\r\n"));
    EXPECT_TRUE(holds(response.head, "Cross-Origin-Resource-Policy: same-origin")) << path;
    EXPECT_FALSE(holds(response.head, "Access-Control-Allow-Origin")) << path;
  }
  EXPECT_EQ(server.ask("GET " + kPhoto + " HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status, 403);
  const TestResponse head =
      server.ask("HEAD " + kPhoto + "/thumbnail HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.body.empty());
  EXPECT_EQ(server.ask(post(kPhoto, "{}")).status, 405);
}

TEST_F(ServerLibraryTest, ManyWhoScrollAreAllAnswered) {
  const TestServer server(options(/*with_key=*/false));
  std::vector<TestClient> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get(kPhoto + "/thumbnail"));
    if (i % 2 == 0) clients.back().close();  // has scrolled on
  }
  for (std::size_t i = 1; i < clients.size(); i += 2) {
    EXPECT_EQ(clients[i].read_response().status, 200);
  }
}

TEST_F(ServerLibraryTest, PeopleSearchAndWriteWhileItIsIndexed) {
  constexpr int kRounds = 20;
  const TestServer server(options(/*with_key=*/false));
  const std::string list = "/blip/v1/library/photos";
  std::vector<std::thread> people;
  const auto person = [&](const std::vector<std::string>& requests) {
    people.emplace_back([&server, requests] {
      TestClient client = server.connect();
      for (int i = 0; i < kRounds; ++i) {
        for (const std::string& request : requests) {
          client.send(request);
          EXPECT_EQ(client.read_response().status, 200) << request;
        }
      }
    });
  };
  person({get(list), get(list + "?q=person"), get("/blip/v1/library")});
  person({get(list + "?camera=Canon*"), get(kPhoto), get(kPhoto + "/thumbnail")});
  person({put_caption(""), get(list + "?q=person")});
  people.emplace_back([this] {  // as blip index does, beside the server
    for (int i = 0; i < kRounds; ++i) {
      search::LibraryIndex index(file_, search::Access::write);
      const std::string path = std::string(BLIP_PHOTOS) + "/" + std::to_string(i) + ".jpg";
      const std::int64_t id =
          index.put_picture(path, {.size = 7, .mtime = 8},
                            {.hash = std::string(64, 'b'), .width = 640, .height = 522});
      if (i % 2 == 0) index.remove_picture(id);
    }
  });
  for (std::thread& each : people) each.join();
  EXPECT_TRUE(holds(server.ask(get(kPhoto)).body, "by a person"));
  search::LibraryIndex(file_, search::Access::read).check_integrity();
}

TEST_F(ServerLibraryTest, WithoutALibraryThereIsNoPage) {
  EXPECT_FALSE(page_response({.method = "GET", .path = "/library"}));
  EXPECT_TRUE(page_response_with_library({.method = "GET", .path = "/library"}));
}

}  // namespace
}  // namespace blip::serve
