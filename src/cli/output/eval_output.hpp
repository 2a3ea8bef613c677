// What `blip eval` says: scores for a person or as JSON, and a file of the scores of single items.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/options/option_parser.hpp"

namespace blip::cli {

/// Scores in order: as JSON, and as lines of a name and a number.
struct EvalScores {
  nlohmann::ordered_json json;
  std::vector<std::pair<std::string, std::string>> lines;
};

class EvalOutput {
 public:
  /// --format, --output, --per-image (or another `items`), --quiet.
  void declare(OptionParser& app, const std::string& items);

  /// Throws OutputError.
  void write(const EvalScores& scores) const;
  /// JSON lines, if there was a file named for them. Throws OutputError.
  void write_items(const std::vector<nlohmann::ordered_json>& items) const;
  [[nodiscard]] bool wants_items() const noexcept { return !items_file_.empty(); }
  [[nodiscard]] bool quiet() const noexcept { return quiet_; }

 private:
  std::string format_ = "text";
  std::string file_;
  std::string items_file_;
  bool quiet_ = false;
};

}  // namespace blip::cli
