// NLVR2's own augmentation: the two pictures change places, and the words with them.
#pragma once

#include <string>
#include <string_view>

namespace blip::train {

/// "left" and "right" for one another, where they stand between single blanks: "left," stays, as in
/// salesforce/BLIP (data/nlvr_dataset.py).
std::string with_left_and_right_swapped(std::string_view sentence);

}  // namespace blip::train
