#include "hub/settings.hpp"

#include <gtest/gtest.h>

#include "tests/core/expect_error.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::hub {
namespace {

class Settings : public ::testing::Test {
 protected:
  blip::testing::QuietEnvironment quiet_;
  ScopedVariable home_{"HOME", "/home/me"};
};

std::string cache() {
  return cache_directory({}).string();
}

TEST_F(Settings, TheCacheIsWherePythonHasIt) {
  EXPECT_EQ(cache(), "/home/me/.cache/huggingface/hub");
  const ScopedVariable xdg("XDG_CACHE_HOME", "/xdg");
  EXPECT_EQ(cache(), "/xdg/huggingface/hub");
  const ScopedVariable hf_home("HF_HOME", "~/hf");
  EXPECT_EQ(cache(), "/home/me/hf/hub");
  const ScopedVariable legacy("HUGGINGFACE_HUB_CACHE", "/legacy");
  EXPECT_EQ(cache(), "/legacy");
  const ScopedVariable own("HF_HUB_CACHE", "$HOME/a${XDG_CACHE_HOME}/$UNKNOWN_TO_ALL/${HOME");
  EXPECT_EQ(cache(), "/home/me/a/xdg/$UNKNOWN_TO_ALL/${HOME");
  EXPECT_EQ(cache_directory({.cache_directory = "/mine"}), "/mine");
}

TEST_F(Settings, TheTokenComesFromTheEnvironmentThenFromAFile) {
  const TemporaryDirectory directory;
  directory.write("token", "  hf_file\n");
  const ScopedVariable hf_home("HF_HOME", directory.path().string());
  EXPECT_EQ(settings_from({}).token, "hf_file");
  const ScopedVariable path("HF_TOKEN_PATH", (directory.path() / "absent").string());
  EXPECT_EQ(settings_from({}).token, "");
  const ScopedVariable old("HUGGING_FACE_HUB_TOKEN", "hf_old");
  EXPECT_EQ(settings_from({}).token, "hf_old");
  const ScopedVariable token("HF_TOKEN", "hf_\r\nnew \n");
  EXPECT_EQ(settings_from({}).token, "hf_new");
  {
    const ScopedVariable disabled("HF_HUB_DISABLE_IMPLICIT_TOKEN", "yes");
    EXPECT_EQ(settings_from({}).token, "");
    EXPECT_EQ(settings_from({.token = "hf_mine"}).token, "hf_mine");
  }
  EXPECT_EQ(settings_from({.token = ""}).token, "");
}

TEST_F(Settings, OfflineIsEitherVariable) {
  EXPECT_FALSE(settings_from({}).offline);
  const ScopedVariable transformers("TRANSFORMERS_OFFLINE", "On");
  EXPECT_TRUE(settings_from({}).offline);
  EXPECT_FALSE(settings_from({.offline = false}).offline);
  const ScopedVariable hub("HF_HUB_OFFLINE", "0");  // the first that is not empty counts
  EXPECT_FALSE(settings_from({}).offline);
}

TEST_F(Settings, TimesAreSecondsWithTenAsTheUsual) {
  EXPECT_EQ(settings_from({}).metadata_timeout, std::chrono::seconds(10));
  const ScopedVariable etag("HF_HUB_ETAG_TIMEOUT", "3");
  const ScopedVariable zero("HF_HUB_DOWNLOAD_TIMEOUT", "0");
  EXPECT_EQ(settings_from({}).metadata_timeout, std::chrono::seconds(3));
  EXPECT_EQ(settings_from({}).stall_timeout, std::chrono::seconds(10));
  const ScopedVariable bad("HF_HUB_ETAG_TIMEOUT", "soon");
  expect_error(ErrorCode::invalid_argument, "the environment variable HF_HUB_ETAG_TIMEOUT: not",
               [] { settings_from({}); });
}

TEST_F(Settings, TheEndpointIsAnAddress) {
  EXPECT_EQ(settings_from({}).hub(), "https://huggingface.co");
  const ScopedVariable endpoint("HF_ENDPOINT", "http://mirror.local:8080/hf//");
  EXPECT_EQ(settings_from({}).hub(), "http://mirror.local:8080/hf");
  const ScopedVariable bad("HF_ENDPOINT", "mirror.local");
  expect_error(ErrorCode::invalid_argument,
               "(HF_ENDPOINT) mirror.local: ", [] { settings_from({}); });
}

TEST_F(Settings, TheTokenIsTrustedToTheHubOnly) {
  const HubSettings settings = settings_from({.endpoint = "http://mirror.local:8080"});
  EXPECT_TRUE(settings.trusts(Url::parse("http://mirror.local:8080/x")));
  EXPECT_TRUE(settings.trusts(Url::parse("https://huggingface.co/x")));
  EXPECT_FALSE(settings.trusts(Url::parse("http://huggingface.co/x")));
  EXPECT_FALSE(settings.trusts(Url::parse("http://mirror.local/x")));
  EXPECT_FALSE(settings.trusts(Url::parse("https://cdn-lfs.huggingface.co/x")));
}

}  // namespace
}  // namespace blip::hub
