// The commands of `blip`: one function each, in a file of its own name.
#pragma once

#include <span>
#include <string>

#include "cli/exit_code.hpp"

namespace blip::cli {

/// The words after the command's name.
using Arguments = std::span<const std::string>;

/// Failures that end the whole command are thrown: UsageError, OutputError, blip::Error.
ExitCode run_alt(Arguments arguments);
ExitCode run_ask(Arguments arguments);
ExitCode run_caption(Arguments arguments);
ExitCode run_classify(Arguments arguments);
ExitCode run_compare(Arguments arguments);
ExitCode run_convert(Arguments arguments);
ExitCode run_dedupe(Arguments arguments);
ExitCode run_describe(Arguments arguments);
ExitCode run_draw(Arguments arguments);
ExitCode run_embed(Arguments arguments);
ExitCode run_eval(Arguments arguments);
ExitCode run_explain(Arguments arguments);
ExitCode run_index(Arguments arguments);
ExitCode run_inspect(Arguments arguments);
ExitCode run_interrogate(Arguments arguments);
ExitCode run_match(Arguments arguments);
ExitCode run_models(Arguments arguments);
ExitCode run_moderate(Arguments arguments);
ExitCode run_pull(Arguments arguments);
ExitCode run_rank(Arguments arguments);
ExitCode run_reason(Arguments arguments);
ExitCode run_search(Arguments arguments);
ExitCode run_serve(Arguments arguments);
ExitCode run_tag(Arguments arguments);
ExitCode run_train(Arguments arguments);
ExitCode run_verify(Arguments arguments);

}  // namespace blip::cli
