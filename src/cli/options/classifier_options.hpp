// Which model classifies, and by which labels: of `blip classify` and `blip eval classify`.
#pragma once

#include "app/any_classifier.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/options/label_options.hpp"
#include "cli/options/option_parser.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

struct ClassifierOptions {
  ModelOptions model{kClassificationModel};
  LabelOptions labels;

  void declare(OptionParser& app);
  /// Throws UsageError.
  void resolve(const OptionParser& app);
  /// With labels a model that embeds images and texts; without, one that has classes. Throws
  /// blip::Error.
  [[nodiscard]] app::AnyClassifier open(const app::PictureOptions& pictures, bool quiet,
                                        Context& context) const;
};

}  // namespace blip::cli
