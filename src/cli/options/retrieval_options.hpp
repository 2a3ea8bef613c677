// The options that `blip match`, `blip embed` and `blip rank` share.
#pragma once

#include <string>

#include "blip/text_style.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/options/explain_choices.hpp"
#include "cli/options/option_parser.hpp"
#include "cli/options/run_options.hpp"
#include "cli/options/text_choices.hpp"

namespace blip::cli {

class RetrievalOptions {
 public:
  /// --style, in the group "Model".
  void declare_style(OptionParser& app);
  /// After parsing; resolve() does it as well.
  void resolve_style();
  /// Resolves all groups that were declared, but for what texts and images mean to each other.
  void resolve();

  InputOptions inputs;
  TextChoices texts{"text"};
  ModelOptions model{kRetrievalModel};
  TextStyle style = TextStyle::hf;
  ExplainChoices explain;  ///< of `blip match` alone
  OutputOptions output;

 private:
  std::string style_ = "hf";
};

}  // namespace blip::cli
