#include "serve/page/page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "serve/page/files.hpp"

namespace blip::serve {
namespace {

HttpRequest get(std::string path) {
  return {.method = "GET", .path = std::move(path)};
}

std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("(none)"));
}

TEST(Page, EveryFileIsServedWithItsType) {
  const struct {
    const char* path;
    const char* type;
  } kCases[] = {
      {"/", "text/html; charset=utf-8"},
      {"/page/main.js", "text/javascript; charset=utf-8"},
      {"/page/base.css", "text/css; charset=utf-8"},
      {"/page/icon.svg", "image/svg+xml"},
      {"/examples/cat.jpg", "image/jpeg"},
      {"/blip/v1/examples", "application/json"},
  };
  for (const auto& [path, type] : kCases) {
    const auto response = page_response(get(path));
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 200) << path;
    EXPECT_EQ(header(*response, "Content-Type"), type) << path;
    EXPECT_EQ(header(*response, "X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(header(*response, "Referrer-Policy"), "no-referrer") << path;
    EXPECT_FALSE(response->body.empty()) << path;
  }
  EXPECT_TRUE(page_response(get("/"))->body.starts_with("<!doctype html>"));
  EXPECT_TRUE(page_response(get("/examples/cat.jpg"))->body.starts_with("\xff\xd8\xff"));
}

TEST(Page, ContentIsTheFileByteForByte) {
  for (const PageFile& file : page_files()) {
    std::ifstream stream(BLIP_SOURCE_DIR "/src/serve/page/" + std::string(file.path),
                         std::ios::binary);
    const std::string expected{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_EQ(file.content, expected) << file.path;
  }
}

// A module that is imported and not listed in CMakeLists.txt would be missing in the program.
TEST(Page, EveryFileInTheDirectoriesIsCompiledIn) {
  std::set<std::string> compiled;
  for (const PageFile& file : page_files()) compiled.emplace(file.path);
  for (const std::string directory : {"web", "examples"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(BLIP_SOURCE_DIR "/src/serve/page/" + directory)) {
      if (entry.path().extension() == ".md") continue;
      EXPECT_TRUE(compiled.contains(directory + "/" + entry.path().filename().string()))
          << entry.path();
    }
  }
}

TEST(Page, PolicyForbidsMarkupsOwnScriptsAndForeignHosts) {
  const auto page = page_response(get("/"));
  const std::string policy = header(*page, "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos);
  EXPECT_EQ(page->body.find("<script>"), std::string::npos);
  EXPECT_EQ(page->body.find("<style"), std::string::npos);
  EXPECT_EQ(page->body.find(" style="), std::string::npos);
  EXPECT_EQ(page->body.find(" onclick="), std::string::npos);
  EXPECT_EQ(page->body.find("http"), std::string::npos) << "an external asset";
}

TEST(Page, TagsAreAnsweredByNotModified) {
  auto request = get("/page/main.js");
  const auto first = page_response(request);
  const std::string tag = header(*first, "ETag");
  ASSERT_TRUE(tag.size() > 2 && tag.front() == '"' && tag.back() == '"') << tag;
  EXPECT_NE(tag, header(*page_response(get("/page/api.js")), "ETag"));

  for (const std::string& list : {tag, "W/" + tag, "\"other\" , " + tag, std::string("*")}) {
    request.headers.set("If-None-Match", list);
    const auto again = page_response(request);
    EXPECT_EQ(again->status, 304) << list;
    EXPECT_TRUE(again->body.empty());
    EXPECT_EQ(header(*again, "ETag"), tag);
    EXPECT_EQ(header(*again, "Cache-Control"), "no-cache");
  }
  for (const char* list : {"\"other\"", "", ",,", "W/", "\""}) {
    request.headers.set("If-None-Match", list);
    EXPECT_EQ(page_response(request)->status, 200) << list;
  }
}

TEST(Page, ExamplesMayBeKept) {
  EXPECT_EQ(header(*page_response(get("/examples/cat.jpg")), "Cache-Control"),
            "public, max-age=86400");
  EXPECT_EQ(header(*page_response(get("/")), "Cache-Control"), "no-cache");
}

TEST(Page, HeadHasTheHeadersAlone) {
  auto request = get("/");
  const auto whole = page_response(request);
  request.method = "HEAD";
  const auto head = page_response(request);
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->body.empty());
  EXPECT_EQ(header(*head, "Content-Length"), std::to_string(whole->body.size()));
  EXPECT_EQ(header(*head, "ETag"), header(*whole, "ETag"));
}

TEST(Page, UnknownFilesAreMissingAndOtherPathsAreNotOurs) {
  for (const char* path :
       {"/page/", "/page/none.js", "/examples/", "/examples/dog.jpg", "/page/../../CMakeLists.txt",
        "/page/../examples/cat.jpg", "/page//main.js", "/page/./main.js", "/page/main.js/",
        "/examples/../web/main.js", "/page/..", "/page/\\..\\main.js"}) {
    const auto response = page_response(get(path));
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 404) << path;
    EXPECT_EQ(header(*response, "X-Content-Type-Options"), "nosniff") << path;
  }
  EXPECT_EQ(page_response(get(std::string("/page/main.js\0.css", 18)))->status, 404);
  for (const char* path : {"", "/page", "/examples", "/index.html", "/blip/v1/models", "/health",
                           "//", "/api/version", "page/main.js"}) {
    EXPECT_FALSE(page_response(get(path))) << path;
  }
}

TEST(Page, OtherMethodsAreNotOurs) {
  for (const char* method : {"POST", "PUT", "OPTIONS", "get", ""}) {
    EXPECT_FALSE(page_response({.method = method, .path = "/"})) << method;
  }
}

TEST(Page, ExamplesAreSmallNamedAndAttributed) {
  const auto list = nlohmann::json::parse(page_response(get("/blip/v1/examples"))->body);
  ASSERT_GE(list["examples"].size(), 4U);
  for (const auto& example : list["examples"]) {
    const std::string url = example["url"];
    const auto photo = page_response(get(url));
    ASSERT_TRUE(photo && photo->status == 200) << url;
    EXPECT_LE(photo->body.size(), 40U * 1024) << url;
    EXPECT_FALSE(example["name"].get<std::string>().empty());
    EXPECT_FALSE(example["alt"].get<std::string>().empty());
    EXPECT_EQ(example["credit"]["licence"], "CC BY 2.0");
    EXPECT_FALSE(example["credit"]["source"].get<std::string>().empty());
  }
}

}  // namespace
}  // namespace blip::serve
