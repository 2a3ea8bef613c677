// What an architecture consists of, told from its configuration alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/config.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  /// The tensor that stands in for this one where the file lacks it; empty: it must be there. These
  /// are the language model head's: its matrix is the word embeddings again, its bias has two
  /// names.
  std::string stand_in;
  /// A matrix that is multiplied with or that rows are looked up in: what int8 makes smaller.
  bool may_be_int8 = false;
};

/// The architectures there are, by transformers' names and one that it lacks, BlipForNLVR.
std::span<const std::string_view> architectures();

/// Every tensor of `config.architecture` (none named: BlipForConditionalGeneration), in the order
/// of the data's way through the model. Throws unsupported for an unknown architecture.
std::vector<ExpectedTensor> expected_tensors(const BlipConfig& config);

/// Their elements, what is tied counted once: the number that papers give.
std::int64_t parameter_count(const BlipConfig& config);

/// What stands between a checkpoint and an architecture.
struct TensorDifferences {
  std::vector<std::string> missing;    ///< "NAME [shape]"
  std::vector<std::string> unfitting;  ///< "NAME is [shape] instead of [shape]", or its number type
  std::vector<std::string> unused;     ///< names that the architecture does not have
};
/// Int8 matrices fit where `may_be_int8` if they have scales (weight_scales.hpp).
/// A table of vision positions fits with any square grid: it is interpolated when it is loaded.
TensorDifferences compare(const Checkpoint& checkpoint, const BlipConfig& config);

}  // namespace blip
