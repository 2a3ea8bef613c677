// Endings of file names, whose case means nothing.
#pragma once

#include <filesystem>
#include <string>

namespace blip {

/// The ending of a path without its dot, in lower case: "jpg" of "A.JPG"; empty without one. Only
/// the letters of ASCII change.
inline std::string file_ending(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  if (!ending.empty()) ending.erase(0, 1);
  for (char& c : ending) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return ending;
}

}  // namespace blip
