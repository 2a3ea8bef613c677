// Small pictures and a folder to keep them in for the length of a test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/core/temporary_directory.hpp"

namespace blip::testing {

/// A PNG of plain colour, different for every `seed`.
std::string png(int width, int height, std::uint32_t seed);

/// "p", 3 → "p3.png"
std::string numbered(const std::string& prefix, std::uint32_t number);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& content);

class Folder {
 public:
  /// The path of `name` in the folder, whether it exists or not.
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path() / name).string();
  }
  /// Writes a picture (and the folders above it) and returns its path.
  std::string picture(const std::string& name, std::uint32_t seed = 1) const;
  std::string file(const std::string& name, const std::string& content) const;
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

}  // namespace blip::testing
