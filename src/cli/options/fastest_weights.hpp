// Which number type this machine captions fastest with.
#pragma once

#include "blip/load_options.hpp"

namespace blip::cli {

/// What `--dtype auto` means: i8 if the products of a caption are clearly faster with it than with
/// f32 here, else stored. Measured once, in some 100 ms, for a host, its processor and the
/// instructions in use (--isa), and remembered in $XDG_CACHE_HOME/blip or ~/.cache/blip; measured
/// again each time where that cannot be read or written.
WeightType fastest_weights();

}  // namespace blip::cli
