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
  const nlohmann::json configuration = parsed(state.configuration);
  // 0 for what no configuration says. The limits are beyond its own, and the product still fits.
  const auto number = [&](const char* path, std::int64_t otherwise, std::int64_t most) {
    const nlohmann::json::json_pointer key(path);
    if (!configuration.contains(key)) return otherwise;
    if (!configuration[key].is_number_integer()) return std::int64_t{0};
    const auto value = configuration[key].get<std::int64_t>();
    return value > 0 && value <= most ? value : 0;
  };
  const std::int64_t batch = number("/data/batch", 0, std::int64_t{1} << 20);
  return batch * number("/data/captions_per_image", 1, 1 << 10) *
         number("/optimizer/accumulation_steps", 1, 1 << 10) * state.processes;
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
