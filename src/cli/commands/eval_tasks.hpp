// What `blip eval` can judge: one function each, in a file of its own name.
#pragma once

#include "cli/commands.hpp"

namespace blip::cli {

/// Failures are thrown, as run_eval's.
ExitCode eval_caption(Arguments arguments);
ExitCode eval_classify(Arguments arguments);
ExitCode eval_report(Arguments arguments);
ExitCode eval_retrieval(Arguments arguments);
ExitCode eval_search(Arguments arguments);
ExitCode eval_vqa(Arguments arguments);

}  // namespace blip::cli
