// Many tensors as a few long ones, which travel between processes faster.
#pragma once

#include <torch/types.h>

#include <cstddef>
#include <functional>
#include <span>

namespace blip::train {

/// As DDP has it: large enough that the latency of a message does not count, small enough that the
/// copy does not either.
inline constexpr std::size_t kBucketBytes = std::size_t{25} << 20;

/// Calls `change` with one-dimensional tensors that hold the elements of `tensors` in their order,
/// a type and device at a time and up to `bucket_bytes` long (more if a single tensor is), and
/// copies what it left there back.
void change_in_buckets(std::span<const torch::Tensor> tensors, std::size_t bucket_bytes,
                       const std::function<void(const torch::Tensor&)>& change);

}  // namespace blip::train
