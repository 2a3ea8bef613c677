// BrokenHub: the fixture of the tests in which the hub or its storage misbehaves.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "blip/hub.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/hub/fake_hub.hpp"
#include "tests/hub/quiet_environment.hpp"

namespace blip::testing {

class BrokenHub : public ::testing::Test {
 protected:
  BrokenHub() {
    for (int i = 0; i < 400'000; ++i) weights_ += static_cast<char>(i * 7 + i / 251);
    hub_.files["model.safetensors"] = weights_;
    options_ = quiet_.options(hub_.url());
  }

  std::filesystem::path pull() const { return download_model("org/tiny", options_); }
  [[nodiscard]] std::string pulled_weights() const {
    std::ifstream file(pull() / "model.safetensors", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::filesystem::path blob() const {
    return quiet_.cache() / "models--org--tiny/blobs" / sha256(weights_);
  }
  [[nodiscard]] std::filesystem::path partial() const { return blob().string() + ".incomplete"; }
  void leave_partial(const std::string& content) const {
    std::filesystem::create_directories(partial().parent_path());
    std::ofstream(partial(), std::ios::binary) << content;
  }
  void expect_refused(ErrorCode code, const std::string& part) const {
    expect_error(code, part, [&] { pull(); });
    EXPECT_FALSE(std::filesystem::exists(blob()));
    EXPECT_FALSE(std::filesystem::exists(quiet_.cache() / "models--org--tiny/refs/main"));
  }

  QuietEnvironment quiet_;
  FakeHub hub_;
  HubOptions options_;
  std::string weights_;
};

}  // namespace blip::testing
