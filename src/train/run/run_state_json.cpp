#include "train/run/run_state_json.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::train {
namespace {

constexpr const char* kFormat = "blip.cpp training checkpoint";

std::int64_t required_count(const nlohmann::json& document, const char* key,
                            const std::string& name) {
  const auto found = document.find(key);
  // Unsigned for nlohmann is what has no sign in the text; what exceeds int64 stays too large.
  if (found == document.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorCode::malformed, name + ": " + key + " must be a whole number of 0 or more");
  }
  return found->get<std::int64_t>();
}

}  // namespace

std::string run_state_as_json(const RunState& state) {
  nlohmann::ordered_json document;
  document["format"] = kFormat;
  document["version"] = kCheckpointVersion;
  document["step"] = state.position.step;
  document["epoch"] = state.position.epoch;
  document["step_in_epoch"] = state.position.step_in_epoch;
  document["processes"] = state.processes;
  document["numbers"] = state.numbers;
  document["configuration"] = state.configuration;
  return document.dump(2) + "\n";
}

RunState parse_run_state(const std::string& text, const std::string& name) {
  const nlohmann::json document = parse_json_object(text, name);
  const JsonFields fields(document, name);
  if (fields.string("format") != kFormat) {
    throw Error(ErrorCode::malformed, name + ": not a checkpoint of a training run");
  }
  const std::int64_t version = required_count(document, "version", name);
  if (version != kCheckpointVersion) {
    throw Error(ErrorCode::unsupported, name + ": format version " + std::to_string(version) +
                                            ", but this program reads version " +
                                            std::to_string(kCheckpointVersion));
  }
  RunState state;
  state.position = {required_count(document, "step", name), required_count(document, "epoch", name),
                    required_count(document, "step_in_epoch", name)};
  constexpr int kMaxProcesses = 1 << 20;
  state.processes = fields.integer("processes", {1, kMaxProcesses}).value_or(1);
  state.configuration = fields.string("configuration").value_or("");
  if (const std::optional<JsonFields> numbers = fields.object("numbers")) {
    for (const auto& [key, value] : document["numbers"].items()) {
      if (!value.is_number()) {
        throw Error(ErrorCode::malformed, name + ": numbers: " + in_quotes(key) +
                                              " must be a number, not " + describe(value));
      }
      state.numbers.emplace(key, value.get<double>());
    }
  }
  return state;
}

}  // namespace blip::train
