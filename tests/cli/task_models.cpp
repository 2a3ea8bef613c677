#include "task_models.hpp"

#include <sstream>

#include "pictures.hpp"

namespace blip::testing {
namespace {

const std::string kData = std::string(BLIP_SOURCE_DIR) + "/tests/tasks/data/";

}  // namespace

std::string task_model(const std::string& name) {
  return kData + name;
}

const nlohmann::json& expectations(const std::string& name) {
  static const nlohmann::json all = nlohmann::json::parse(read_file(kData + "expected.json"));
  return all.at(name);
}

std::string photo_folder() {
  return std::string(BLIP_SOURCE_DIR) + "/examples/photos";
}

std::string photo(std::size_t number) {
  return photo_folder() + "/" + expectations("vqa").at("photos").at(number).get<std::string>();
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace blip::testing
