// Reading what tools/reference wrote: golden values as JSON and how to compare with them.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "blip/tensor.hpp"

namespace blip {

/// A file of tests/tasks/data.
nlohmann::json read_golden(const std::string& file);

/// samples: [[index, value], …] of the flattened tensor
void expect_samples(const Tensor& tensor, const nlohmann::json& samples, double tolerance,
                    const std::string& what);

/// values: all elements, in order
void expect_values(std::span<const float> actual, const nlohmann::json& values, double tolerance,
                   const std::string& what);

}  // namespace blip
