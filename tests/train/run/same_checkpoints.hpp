// Whether two runs came to the same, bit for bit.
#pragma once

#include <filesystem>

namespace blip::testing {

/// Compares the latest checkpoints of two runs: where they are, and every bit of every tensor.
void expect_same_checkpoints(const std::filesystem::path& left, const std::filesystem::path& right);

}  // namespace blip::testing
