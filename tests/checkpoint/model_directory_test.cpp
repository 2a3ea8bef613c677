#include "checkpoint/model_directory.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <optional>
#include <string>

#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

// Sets an environment variable, and puts back what it was.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(ModelDirectory, ADirectoryIsItself) {
  const TemporaryDirectory directory;
  EXPECT_EQ(resolve_model(directory.path().string()), directory.path());
}

TEST(ModelDirectory, TheDefaultModelComesWithTheSource) {
  const ScopedVariable variable("BLIP_MODEL_PATH", "");
  EXPECT_EQ(resolve_model(kDefaultModel), std::filesystem::path(BLIP_SOURCE_DIR) / "models/nano");
  EXPECT_THAT(bundled_models(), ::testing::Contains("nano"));
}

TEST(ModelDirectory, TheEnvironmentGoesFirst) {
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  std::filesystem::create_directory(second.path() / "nano");
  std::filesystem::create_directory(second.path() / "mine");
  std::filesystem::create_directory(second.path() / "not-a-model");
  const auto model = second.path() / "mine" / "config.json";
  std::filesystem::copy_file(std::filesystem::path(BLIP_TEST_DATA) / "v5/config.json", model);
  const ScopedVariable variable("BLIP_MODEL_PATH",
                                ":" + first.path().string() + "::" + second.path().string() + ":");
  EXPECT_EQ(resolve_model("nano"), second.path() / "nano");
  EXPECT_EQ(resolve_model("mine"), second.path() / "mine");
  EXPECT_THAT(bundled_models(), ::testing::IsSupersetOf({"mine", "nano"}));
  EXPECT_THAT(bundled_models(), ::testing::Not(::testing::Contains("not-a-model")));
}

TEST(ModelDirectory, SaysWhereItLooked) {
  const ScopedVariable variable("BLIP_MODEL_PATH", "/somewhere");
  expect_error(ErrorCode::not_found, "\"absent\": no such model directory, and no bundled model",
               [] { resolve_model("absent"); });
  expect_error(ErrorCode::not_found, "in /somewhere, ", [] { resolve_model("absent"); });
  expect_error(ErrorCode::not_found, "share/blip/models, " BLIP_SOURCE_DIR "/models",
               [] { resolve_model("absent"); });
}

TEST(ModelDirectory, BundledNamesArePlain) {
  const ScopedVariable variable("BLIP_MODEL_PATH", BLIP_SOURCE_DIR "/models");
  expect_error(ErrorCode::not_found, "../models/absent: no such model directory",
               [] { resolve_model("../models/absent"); });
  expect_error(ErrorCode::not_found, "the model name is empty", [] { resolve_model(""); });
  expect_error(ErrorCode::not_found, "no such model",
               [] { resolve_model(std::string_view("nano\0x", 6)); });
  const TemporaryDirectory directory;
  const auto file = directory.write("model.safetensors", "x");
  expect_error(ErrorCode::not_found, "is a file, not a model directory",
               [&] { resolve_model(file.string()); });
}

}  // namespace
}  // namespace blip
