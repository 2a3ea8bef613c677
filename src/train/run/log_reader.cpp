#include "train/run/log_reader.hpp"

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

#include "blip/error.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip::train {
namespace {

// Calls `take` for every line that ends, with its object and its step.
void for_each_line(
    std::string_view text, const std::string& name,
    const std::function<void(std::string_view, const nlohmann::json&, std::int64_t)>& take) {
  std::size_t number = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    const std::string where = name + ": line " + std::to_string(++number);
    if (line == "\n") continue;
    const nlohmann::json object = parse_json_object(line, where);
    const auto step = object.find("step");
    if (step == object.end() || !step->is_number_integer() || step->get<std::int64_t>() < 0) {
      throw Error(ErrorCode::malformed, where + ": no step: not the log of a training run");
    }
    take(line, object, step->get<std::int64_t>());
  }
}

}  // namespace

LogSeries read_log(const std::filesystem::path& file) {
  const std::string text = read_text_file(file, kMaxLogBytes);
  LogSeries series;
  for_each_line(text, file.string(),
                [&](std::string_view, const nlohmann::json& object, std::int64_t step) {
                  for (const auto& [name, value] : object.items()) {
                    if (name == "step" || name == "epoch" || name == "time") continue;
                    if (!value.is_number() || !std::isfinite(value.get<double>())) continue;
                    std::vector<LogPoint>& points = series[name];
                    while (!points.empty() && points.back().step >= step) points.pop_back();
                    points.push_back({step, value.get<double>()});
                  }
                });
  return series;
}

std::string lines_up_to(const std::string& text, std::int64_t step, const std::string& name) {
  std::string kept;
  for_each_line(text, name,
                [&](std::string_view line, const nlohmann::json&, std::int64_t of_line) {
                  if (of_line <= step) kept += line;
                });
  return kept;
}

}  // namespace blip::train
