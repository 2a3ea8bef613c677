// The options of `blip caption`.
#pragma once

#include <memory>
#include <string>

#include "app/captions/caption_edits.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/options/explain_choices.hpp"
#include "cli/options/generation_choices.hpp"
#include "cli/options/run_options.hpp"
#include "cli/options/sidecar_choices.hpp"

namespace blip::cli {

struct CaptionOptions {
  InputOptions inputs;
  ModelOptions model{kCaptioningModel};
  std::string prompt;
  app::CaptionEdits edits;
  SidecarChoices sidecars;
  GenerationChoices generation{{.thing = "caption", .per = "image", .start = "prompt"}};
  ExplainChoices explain;
  OutputOptions output;
};

/// Nothing if the user asked for help, which is then printed. Throws UsageError.
std::unique_ptr<CaptionOptions> parse_caption_options(Arguments arguments);

}  // namespace blip::cli
