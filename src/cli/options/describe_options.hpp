// The options of `blip describe`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/describe/describer.hpp"
#include "app/describe/text_files.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/options/generation_choices.hpp"
#include "cli/options/label_options.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

struct DescribeOptions {
  InputOptions inputs;
  ModelOptions model{kCaptioningModel};
  app::TextFileOptions files;
  app::DescriberOptions what;
  bool whole_names = true;  ///< photo.jpg.xmp; else photo.xmp
  bool tags = false;
  ModelOptions tag_model{kRetrievalModel};
  LabelOptions labels;
  GenerationChoices generation{{.thing = "caption", .per = "image", .start = "prompt"}};
  OutputOptions output;

  /// Fields that the run fills, with something in them.
  [[nodiscard]] metadata::PictureText fields() const;

 private:
  friend std::unique_ptr<DescribeOptions> parse_describe_options(Arguments arguments);
  void declare(OptionParser& app);
  void resolve(const OptionParser& app);

  std::string existing_ = "keep";
  std::string sidecar_name_ = "whole";
  std::string tag_model_name_;
  bool no_description_ = false;
  bool no_alt_ = false;
  int alt_characters_ = static_cast<int>(app::kAltCharacters);
  int top_ = 10;
};

/// Nothing if the user asked for help, which is then printed. Throws UsageError.
std::unique_ptr<DescribeOptions> parse_describe_options(Arguments arguments);

}  // namespace blip::cli
