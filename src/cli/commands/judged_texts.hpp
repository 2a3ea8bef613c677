// What `blip eval caption` and `blip eval report` judge: texts of pictures, from a file of results
// or of a model on a data set, with what people wrote.
#pragma once

#include <string>
#include <string_view>

#include "cli/options/caption_options.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/eval_data.hpp"
#include "cli/output/eval_output.hpp"
#include "eval/caption_files.hpp"

namespace blip::cli {

struct JudgedTextOptions {
  std::string results;
  std::string references;
  EvalData data;
  CaptionOptions captioning;
  EvalOutput output;

  void declare(OptionParser& app);
  /// After parsing. `command`: as its help names it. Throws UsageError.
  void check(OptionParser& app, std::string_view command);
};

/// The texts, without the prompt of a model's. Throws what reading and captioning throw, and
/// invalid_argument for a picture without a text or a reference.
eval::JudgedCaptions judged_texts(JudgedTextOptions& options);

}  // namespace blip::cli
