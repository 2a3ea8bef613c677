// The commands of `blip train`: one function each, in a file of its own name.
#pragma once

#include "cli/commands.hpp"

namespace blip::train {

/// Failures that end the whole command are thrown: cli::UsageError, app::OutputError, blip::Error.
cli::ExitCode run_pretrain(cli::Arguments arguments);
cli::ExitCode run_caption(cli::Arguments arguments);
cli::ExitCode run_retrieval(cli::Arguments arguments);
cli::ExitCode run_vqa(cli::Arguments arguments);
cli::ExitCode run_nlvr(cli::Arguments arguments);
cli::ExitCode run_clip(cli::Arguments arguments);
cli::ExitCode run_vqgan(cli::Arguments arguments);
cli::ExitCode run_draw(cli::Arguments arguments);
cli::ExitCode run_capfilt(cli::Arguments arguments);
cli::ExitCode run_plot(cli::Arguments arguments);

}  // namespace blip::train
