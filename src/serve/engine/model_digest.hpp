// What a model's weights are, for clients that list models.
#pragma once

#include <filesystem>
#include <span>

#include "serve/engine/engine.hpp"

namespace blip::serve {

/// Sets size, modified and digest. The digest is the SHA-256 of the files' sizes and of up to 64
/// pieces of 64 KiB, evenly spread over each: to hash gigabytes would keep the server from
/// starting. Throws blip::Error for a file that cannot be read.
void describe_weights(std::span<const std::filesystem::path> files, ModelStatus& status);

}  // namespace blip::serve
