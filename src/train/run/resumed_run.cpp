#include "train/run/resumed_run.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace blip::train {
namespace {

nlohmann::json parsed(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::vector<std::string> changed_keys(const std::string& before, const std::string& now) {
  const nlohmann::json old = parsed(before);
  const nlohmann::json current = parsed(now);
  std::vector<std::string> keys;
  if (!old.is_object() || !current.is_object()) return keys;
  for (const auto& [section, values] : current.items()) {
    if (!values.is_object()) continue;
    for (const auto& [key, value] : values.items()) {
      const auto old_section = old.find(section);
      if (old_section == old.end() || !old_section->is_object()) continue;
      const auto old_value = old_section->find(key);
      if (old_value != old_section->end() && *old_value != value) {
        keys.push_back(section + "." + key);
      }
    }
  }
  return keys;
}

std::int64_t rows_of_step(const RunState& state) {
  constexpr std::int64_t kMaxBatch = std::int64_t{1} << 31;  // its product with processes fits
  const nlohmann::json::json_pointer key("/data/batch");
  const nlohmann::json configuration = parsed(state.configuration);
  if (!configuration.contains(key) || !configuration[key].is_number_integer()) return 0;
  const auto rows = configuration[key].get<std::int64_t>();
  return rows > 0 && rows < kMaxBatch ? rows * state.processes : 0;
}

RunPosition position_in_steps_of(std::int64_t rows, std::int64_t rows_before,
                                 std::int64_t steps_per_epoch, RunPosition position) {
  if (rows_before <= 0 || rows_before == rows) return position;
  // As floating point, where nothing that a checkpoint may say overflows; exact for fewer rows than
  // 2^53.
  const double steps = std::floor(static_cast<double>(position.step_in_epoch) *
                                  static_cast<double>(rows_before) / static_cast<double>(rows));
  if (steps >= static_cast<double>(steps_per_epoch)) {
    ++position.epoch;
    position.step_in_epoch = 0;
  } else {
    position.step_in_epoch = static_cast<std::int64_t>(steps);
  }
  return position;
}

}  // namespace blip::train
