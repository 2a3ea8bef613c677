// The options of `blip train capfilt`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "blip/generation.hpp"
#include "blip/load_options.hpp"
#include "cli/commands.hpp"

namespace blip::train {

struct CapfiltOptions {
  std::vector<std::string> web;    ///< shards and lists
  std::vector<std::string> human;  ///< likewise
  std::string images;              ///< where the pictures of lists are
  std::string captioner;           ///< empty: no synthetic texts
  std::string filter;              ///< empty: all texts are kept
  std::string prompt = "a picture of ";
  GenerationOptions generation;
  double threshold = 0.5;
  WeightType weight_type = WeightType::stored;
  int threads = 0;
  std::string output;
  std::size_t shard_size = 1000;
  std::size_t report_images = 100;
  bool resume = false;
  bool quiet = false;

  /// Lists are answered by a list, anything with a shard in it by shards.
  [[nodiscard]] bool writes_list() const;
  /// All that decides what is written, as JSON: an earlier run is continued by none that differs.
  [[nodiscard]] std::string fingerprint() const;
};

/// Nothing if the user asked for help, which is then printed. Throws UsageError.
std::unique_ptr<CapfiltOptions> parse_capfilt_options(cli::Arguments arguments);

}  // namespace blip::train
