// The rows of a golden file: fields parted by tabs, the first line a comment.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace blip::testing {

inline std::vector<std::vector<std::string>> golden_lines(const std::string& name) {
  std::ifstream file(BLIP_TEST_DATA "/" + name);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string>& row = rows.emplace_back();
    std::size_t from = 0;
    for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', from)) {
      row.push_back(line.substr(from, tab - from));
      from = tab + 1;
    }
    row.push_back(line.substr(from));
  }
  return rows;
}

}  // namespace blip::testing
