// A model with its adapter merged into the weights.
#pragma once

#include <optional>
#include <span>

#include "architectures/expected_tensors.hpp"
#include "checkpoint/adapter.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_source.hpp"

namespace blip {

/// The base model's tensors, with those in place that the adapter changes: W + scale · B·A, formed
/// in float32 and rounded once. What the adapter does not touch is not copied. The changed ones are
/// of `type` (F32, F16 or BF16), or of the base's own type if there is none. Of `expected`, the
/// tensors of the base model's class, those that stand in for others are told: a matrix tied to one
/// that changes without it is there by its own name then. Throws missing_tensor or shape_mismatch
/// for a tensor of the adapter that has no place in the base model, unsupported for a base model in
/// int8, malformed for values that are not finite, naming the tensor.
Checkpoint merge_adapter(const Checkpoint& base, const Adapter& adapter,
                         std::span<const ExpectedTensor> expected,
                         std::optional<DType> type = std::nullopt);

/// The tensors of a model, with its adapter merged as above if there is one.
Checkpoint open_tensors(const ModelSource& source, std::optional<DType> type = std::nullopt);

}  // namespace blip
