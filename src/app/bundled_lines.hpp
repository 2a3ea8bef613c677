// Lists that are a part of the program: files that the build puts into it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace blip::app {

/// The lines of `text`, empty ones left out.
inline std::vector<std::string> bundled_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace blip::app
