#include "app/compare/comparison_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/records/record.hpp"

namespace blip::app {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as what is in them, two blanks apart; those of `right` stand right.
std::string table_of(const std::vector<Row>& rows, const std::vector<bool>& right) {
  std::vector<std::size_t> widths(right.size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += right[i] ? fmt::format("{:>{}}  ", row[i], widths[i])
                       : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string seconds(double value) {
  return fmt::format("{:.2f} s", value);
}

nlohmann::json json_of(const TaskFindings& findings) {
  nlohmann::json results = nlohmann::json::array();
  for (const ScoredText& result : findings.results) {
    nlohmann::json object = {{"text", to_utf8(result.text)}};
    for (const auto& [name, score] : result.scores) object[std::string(name)] = score;
    if (!result.error.empty()) object["error"] = to_utf8(result.error);
    results.push_back(std::move(object));
  }
  nlohmann::json task = {{"task", findings.task}, {"results", std::move(results)}};
  if (!findings.asked.empty()) task["asked"] = to_utf8(findings.asked);
  return task;
}

}  // namespace

std::string short_count(std::int64_t count) {
  struct Unit {
    double size;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}}};
  for (const Unit& unit : kUnits) {
    const double value = static_cast<double>(count) / unit.size;
    if (value >= 1) return fmt::format("{:.1f}{}", value, unit.name);
  }
  return std::to_string(count);
}

std::string short_size(std::optional<std::uint64_t> bytes) {
  if (!bytes) return "-";
  const auto value = static_cast<double>(*bytes);
  return value >= 1e9 ? fmt::format("{:.1f} GB", value / 1e9)
                      : fmt::format("{:.0f} MB", value / 1e6);
}

std::string scores_as_text(const ScoredText& result) {
  if (!result.error.empty()) return printable(result.error);
  std::string text;
  for (const auto& [name, score] : result.scores) {
    text += fmt::format("{}{} {:.4f}", text.empty() ? "" : ", ", name, score);
  }
  return text;
}

std::string comparison_as_text(const Comparison& comparison) {
  std::vector<Row> found;
  std::vector<Row> costs = {{"", "model", "parameters", "memory", "load", "run"}};
  for (const ComparedModel& model : comparison.models) {
    const std::string system(model.system);
    const std::string name = printable(model.name);
    if (!model.error.empty()) {
      found.push_back({system, "failed", printable(model.error)});
      costs.push_back({system, name, "-", "-", "-", "-"});
      continue;
    }
    for (const TaskFindings& task : model.tasks) {
      if (!task.asked.empty()) {
        found.push_back({system, std::string(task.task), printable(task.asked)});
      }
      for (const ScoredText& result : task.results) {
        const bool is_first = task.asked.empty() && &result == &task.results.front();
        found.push_back({is_first ? system : "", is_first ? std::string(task.task) : "",
                         printable(result.text), scores_as_text(result)});
      }
      if (task.results.empty()) found.push_back({system, std::string(task.task), "none that fits"});
    }
    costs.push_back({system, name, short_count(model.cost.parameters),
                     short_size(model.cost.memory_bytes), seconds(model.cost.load_seconds),
                     seconds(model.cost.run_seconds)});
  }
  return table_of(found, {false, false, false, false}) + "\n" +
         table_of(costs, {false, false, true, true, true, true});
}

std::string comparison_as_json(const Comparison& comparison) {
  nlohmann::json models = nlohmann::json::array();
  for (const ComparedModel& model : comparison.models) {
    nlohmann::json object = {{"system", model.system},
                             {"model", path_text(model.model.string())},
                             {"name", to_utf8(model.name)}};
    if (!model.error.empty()) {
      object["error"] = to_utf8(model.error);
      models.push_back(std::move(object));
      continue;
    }
    object["architecture"] = to_utf8(model.architecture);
    object["parameters"] = model.cost.parameters;
    object["load_seconds"] = model.cost.load_seconds;
    object["run_seconds"] = model.cost.run_seconds;
    object["memory_bytes"] = model.cost.memory_bytes ? nlohmann::json(*model.cost.memory_bytes)
                                                     : nlohmann::json(nullptr);
    object["tasks"] = nlohmann::json::array();
    for (const TaskFindings& task : model.tasks) object["tasks"].push_back(json_of(task));
    models.push_back(std::move(object));
  }
  return nlohmann::json{{"path", path_text(comparison.photo)}, {"models", std::move(models)}}.dump(
             2) +
         "\n";
}

}  // namespace blip::app
