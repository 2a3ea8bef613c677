// Names of many shards in one: "train-{000000..000003}.tar".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace blip::dataset {

/// LAION-400M has 41,408 shards.
inline constexpr std::size_t kMaxExpandedNames = 1'000'000;

/// As bash and WebDataset expand braces: {FIRST..LAST} are all numbers between, ends included, as
/// wide as the wider end if one has leading zeros; {a,b} are alternatives. Several pairs multiply,
/// the last varying fastest. No pair inside another. Throws invalid_argument for a brace without
/// its partner or with neither two numbers nor a comma in it, limit_exceeded for too many names.
std::vector<std::string> expand_braces(const std::string& pattern);

}  // namespace blip::dataset
