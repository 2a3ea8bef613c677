#include "app/records/record_format.hpp"

namespace blip::app {

std::vector<std::string> RecordFormat::expected_about() const {
  std::vector<std::string> about;
  for (const std::string& asked : schema_.asked) {
    about.insert(about.end(), schema_.results_per_finding, asked);
  }
  return about;
}

}  // namespace blip::app
