// The options that write captions into text files beside the images.
#pragma once

#include <string>

#include "cli/options/option_parser.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

class SidecarChoices {
 public:
  void declare(OptionParser& app);
  /// After parsing and before output.resolve(): the directory that --output then names is taken out
  /// of `output`. `captions` is how many each image gets. Throws UsageError.
  void resolve(const OptionParser& app, int captions, OutputOptions& output);

 private:
  std::string ending_;
  std::string existing_;
  std::string separator_ = ", ";
};

}  // namespace blip::cli
