// The names of a classifier's classes, as config.json has them.
#pragma once

#include <string>
#include <vector>

#include "core/json_fields.hpp"

namespace blip {

/// ImageNet-21k has 21,843 classes.
inline constexpr int kMaxLabels = 100'000;

/// LABEL_0, LABEL_1, …: as transformers calls classes that nobody named.
std::vector<std::string> numbered_labels(int count);

/// id2label, whose keys are the numbers 0, 1, … as text; else LABEL_0, LABEL_1, … of num_labels,
/// which is 2 where the file does not say. At most kMaxLabels. Throws malformed.
std::vector<std::string> read_labels(const JsonFields& fields);

}  // namespace blip
