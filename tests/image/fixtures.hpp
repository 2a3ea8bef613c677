// What Pillow and transformers gave, as tools/reference/make_image_fixtures.py wrote it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace blip {

inline nlohmann::json fixtures(const std::string& section) {
  std::ifstream file(BLIP_TEST_DATA "/fixtures.json");
  return nlohmann::json::parse(file).at(section);
}

inline std::filesystem::path fixture_file(const std::string& name) {
  return std::filesystem::path(BLIP_TEST_DATA "/files") / name;
}

inline std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace blip
