#include "hub/model_id.hpp"

#include <gtest/gtest.h>

#include "hub/model_cache.hpp"

namespace blip::hub {
namespace {

TEST(ModelId, SplitsNameAndRevision) {
  const auto id = parse_model_id("Salesforce/blip-vqa_base.1");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->repository, "Salesforce/blip-vqa_base.1");
  EXPECT_EQ(id->revision, "main");
  const auto with = parse_model_id("org/name@refs/pr/1");
  ASSERT_TRUE(with);
  EXPECT_EQ(with->repository, "org/name");
  EXPECT_EQ(with->revision, "refs/pr/1");
  EXPECT_TRUE(parse_model_id("gpt2"));
}

TEST(ModelId, FollowsTheHubsRules) {
  for (const char* text : {"",           "/",       "a/",    "/a",    "a/b/c",         "../b",
                           "a/..",       "a/.b",    "-a/b",  "a/b-",  "a/b.",          "a/b--c",
                           "a/b..c",     "a/b.git", "a/b c", "a/b\n", "a/caf\xC3\xA9", "a/b@",
                           "a@b/c@d/..", "~/a"}) {
    EXPECT_FALSE(parse_model_id(text)) << text;
  }
  EXPECT_TRUE(parse_model_id(std::string(96, 'a') + "/" + std::string(96, 'b')));
  EXPECT_FALSE(parse_model_id("a/" + std::string(97, 'b')));
}

TEST(ModelId, RevisionsCannotLeaveTheirDirectory) {
  for (const char* text : {"main", "v1.0", "refs/pr/1", "feature/a-b_c", "0123456"}) {
    EXPECT_TRUE(is_revision(text)) << text;
  }
  for (const char* text : {"", "..", "a/../b", "/a", "a/", "a//b", ".hidden", "a/.b", "a b", "a:b",
                           "a\\b", "a\nb", "a.lock", "a@{1}", "a\x7F"}) {
    EXPECT_FALSE(is_revision(text)) << text;
  }
  EXPECT_FALSE(is_revision(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_revision(std::string(201, 'a')));
}

TEST(ModelId, DirectoriesAreNamedAsHuggingfaceHubNamesThem) {
  EXPECT_EQ(directory_name("org/name"), "models--org--name");
  EXPECT_EQ(directory_name("gpt2"), "models--gpt2");
  EXPECT_EQ(repository_of("models--org--name"), "org/name");
  EXPECT_EQ(repository_of("models--gpt2"), "gpt2");
  EXPECT_EQ(repository_of("datasets--org--name"), std::nullopt);
  EXPECT_EQ(repository_of("models--"), std::nullopt);
  EXPECT_EQ(repository_of("models--a--b--c"), std::nullopt);
}

}  // namespace
}  // namespace blip::hub
