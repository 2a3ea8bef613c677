// The options of `blip caption`.
#pragma once

#include <optional>
#include <string>

#include "blip/conditional_generation.hpp"
#include "cli/commands.hpp"
#include "cli/input_list.hpp"
#include "cli/record.hpp"

namespace blip::cli {

struct CaptionOptions {
  InputSelection inputs;

  std::string model;
  WeightType weight_type = WeightType::stored;
  std::optional<int> image_size;  ///< instead of the model's own
  bool exif_rotation = true;
  int threads = 0;  ///< 0: one per core
  int batch = 8;

  std::string prompt;
  GenerationOptions generation;

  Format format = Format::text;
  std::string output;  ///< empty: standard output
  bool resume = false;
  bool quiet = false;
};

/// Nothing if the user asked for help, which is then printed. Throws UsageError.
std::optional<CaptionOptions> parse_caption_options(Arguments arguments);

/// `message` with the library's option names (num_beams) turned into the command line's (--beams).
std::string with_option_names(std::string message);

}  // namespace blip::cli
