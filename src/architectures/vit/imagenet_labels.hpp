// The names of ImageNet's 1,000 classes, which timm's models come without.
#pragma once

#include <string_view>

namespace blip {

/// WordNet's words, one class a line, as timm (Apache License 2.0) has them.
[[nodiscard]] std::string_view imagenet_labels() noexcept;

}  // namespace blip
