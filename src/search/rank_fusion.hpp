// Reciprocal rank fusion: one ranking of several.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace blip::search {

/// For everything in any of the rankings (best first) the sum of 1 / (60 + rank), ranks being
/// counted from 1: Cormack, Clarke and Büttcher, 2009, whose constant 60 is.
/// Each ranking counts 1, or what `weights` say of it.
std::unordered_map<std::int64_t, double> fused_ranks(
    const std::vector<std::vector<std::int64_t>>& rankings,
    const std::vector<double>& weights = {});

}  // namespace blip::search
