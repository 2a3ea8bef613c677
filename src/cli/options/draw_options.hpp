// The options of `blip draw`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/draw/drawer.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

struct DrawOptions {
  std::vector<std::string> prompts;  ///< typed
  std::string list;                  ///< a file of prompts, "-" for standard input
  ModelOptions model{kDrawingModel};
  std::string output;
  int grid = 1;
  std::uint64_t seed = 0;
  std::optional<int> top_k;
  std::optional<float> temperature;
  std::optional<float> guidance;
  std::optional<int> start_token;
  bool seamless = false;
  std::string progress;  ///< a folder, or nothing
  int progress_every = 32;
  std::string rerank;  ///< a model, or nothing
  bool resume = false;
  bool quiet = false;

  /// Whether every prompt's picture goes into a folder.
  [[nodiscard]] bool writes_folder() const { return !list.empty() || prompts.size() > 1; }
  [[nodiscard]] app::DrawerOptions drawer() const;
};

/// Null: the user asked for help. Throws UsageError.
std::unique_ptr<DrawOptions> parse_draw_options(Arguments arguments);

}  // namespace blip::cli
