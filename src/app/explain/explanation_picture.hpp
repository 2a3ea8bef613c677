// An Explanation as a picture for a person.
#pragma once

#include "app/explain/explanation.hpp"
#include "blip/image.hpp"

namespace blip::app {

/// The text above a grid of tiles: the photo, the mean over all words over it, then every word.
/// Each map fills the colours from its own least to its own greatest value; beside a word stands
/// how its greatest compares with that of the strongest word. At most kMostWords words are shown.
Image explanation_picture(const Image& photo, const Explanation& explanation);

/// Photos are shown in no more pixels than this a side.
inline constexpr int kTileSide = 288;
inline constexpr std::size_t kMostWords = 98;

}  // namespace blip::app
