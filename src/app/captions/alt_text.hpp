// Alternative texts: what is read out, or shown, in the place of a picture.
#pragma once

#include <cstdint>
#include <string>

namespace blip::app {

/// Longer ones are hard to listen to: screen readers do not stop within them. What most guidelines
/// name.
inline constexpr std::uint64_t kAltCharacters = 125;

/// A caption as a sentence of at most `max_characters`, cut at a word: "a photo of a cat" → "A
/// cat." (That it is a picture is told by whoever reads it out.) Empty for an empty caption.
std::string alt_text(const std::string& caption, std::uint64_t max_characters = kAltCharacters);

}  // namespace blip::app
