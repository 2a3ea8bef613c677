// Which number type this machine decodes fastest with.
#pragma once

#include "blip/load_options.hpp"

namespace blip::cli {

/// What `--dtype auto` means: i8 if a product as in decoding is clearly faster with it than with
/// f32 here, else stored. Measured once, in some 50 ms, and remembered in $XDG_CACHE_HOME/blip or
/// ~/.cache/blip; measured again each time where that cannot be read or written.
WeightType fastest_weights();

}  // namespace blip::cli
