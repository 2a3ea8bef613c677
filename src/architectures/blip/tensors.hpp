// What the classes of BLIP consist of, told from their configuration alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "architectures/expected_tensors.hpp"
#include "blip/config.hpp"

namespace blip {

/// Every tensor of `config.architecture` (none named: BlipForConditionalGeneration), in the order
/// of the data's way through the model. Throws unsupported for an unknown architecture.
std::vector<ExpectedTensor> expected_tensors(const BlipConfig& config);

/// The other name of the word embeddings: a text decoder's are the matrix of its language model
/// head as well, and a file may hold the one parameter by that name alone. Empty: they have no
/// other.
std::string tied_name(std::string_view word_embeddings);

/// Their elements, what is tied counted once: the number that papers give.
std::int64_t parameter_count(const BlipConfig& config);

/// What stands between a checkpoint and `config.architecture`.
TensorDifferences compare(const Checkpoint& checkpoint, const BlipConfig& config);

// What each class has besides the vision tower.
void add_captioning_tensors(ExpectedTensorList& list, const BlipConfig& config);
void add_answering_tensors(ExpectedTensorList& list, const BlipConfig& config);
void add_retrieval_tensors(ExpectedTensorList& list, const BlipConfig& config);
void add_reasoning_tensors(ExpectedTensorList& list, const BlipConfig& config);
void add_embedding_tensors(ExpectedTensorList& list, const BlipConfig& config);

}  // namespace blip
