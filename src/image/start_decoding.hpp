// start_decoding: what reading the first picture does besides, at a time of one's choice.
#pragma once

namespace blip::image {

/// Starts libvips, which loads its modules, unless it runs already. Throws std::bad_alloc where
/// there is no memory for them; unsupported if it cannot be started.
void start_decoding();

}  // namespace blip::image
