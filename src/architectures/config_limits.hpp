// Limits of the numbers in a configuration: far beyond any model, small enough that no product of
// two or three of them leaves int64.
#pragma once

#include "core/json_fields.hpp"

namespace blip {

inline constexpr JsonFields::IntRange kWidths = {1, 65'536};
inline constexpr JsonFields::IntRange kLayerCounts = {1, 1'000};
inline constexpr JsonFields::IntRange kVocabularySizes = {1, 10'000'000};
inline constexpr JsonFields::IntRange kPositionCounts = {1, 1'000'000};
inline constexpr JsonFields::IntRange kPixelSizes = {1, 16'384};
/// Some write -1 for "none".
inline constexpr JsonFields::IntRange kTokenIdRange = {-1, kVocabularySizes.max};
inline constexpr JsonFields::FloatRange kEpsilons = {0.0, 1.0};

/// Throws malformed unless the heads share out `hidden_size` evenly.
void require_even_heads(const JsonFields& fields, int hidden_size, int heads);

/// A number, or [height, width] as transformers allows; only squares are supported. Throws
/// malformed or unsupported.
int read_square_size(const JsonFields& fields, const char* key, int fallback);

/// Throws malformed for an image smaller than its patch, unsupported for other than three colours
/// (num_channels).
void require_patches(const JsonFields& fields, int image_size, int patch_size);

}  // namespace blip
