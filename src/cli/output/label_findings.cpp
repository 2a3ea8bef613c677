#include "cli/output/label_findings.hpp"

#include <fmt/format.h>

#include <utility>

namespace blip::cli {

app::RecordSchema label_schema() {
  app::RecordSchema schema;
  schema.results = {"label", "score"};
  schema.list = "labels";
  return schema;
}

std::vector<std::vector<app::Finding>> findings_of(
    const std::vector<std::vector<app::ScoredLabel>>& images) {
  std::vector<std::vector<app::Finding>> findings;
  for (const auto& labels : images) {
    app::Finding finding;
    for (const app::ScoredLabel& scored : labels) {
      finding.results.push_back({.values = {scored.label, scored.score},
                                 .line = fmt::format("{:.4f}  {}", scored.score, scored.label)});
    }
    findings.push_back({std::move(finding)});
  }
  return findings;
}

}  // namespace blip::cli
