// The states of libtorch's random number generators, as tensors that a checkpoint can hold.
#pragma once

#include <torch/types.h>

#include "train/run/named_tensors.hpp"
#include "train/run/process_group.hpp"

namespace blip::train {

/// The states of every process's generators on rank 0, empty on the others: "rank00000.cpu" and, on
/// a GPU, "rank00000.cuda", as bytes. Every process must call it.
NamedTensors collect_random_states(const ProcessGroup& group, const torch::Device& device);

/// Puts this process's generators into the state that `states` has for its rank. False if it has
/// none, because the run had fewer processes or another device then: the caller seeds anew. Throws
/// malformed for a state that is none.
bool restore_random_state(const NamedTensors& states, int rank, const torch::Device& device,
                          const std::string& what);

/// 42 + rank in the paper's code: every process draws other numbers.
void seed_generators(std::uint64_t seed, int rank);

}  // namespace blip::train
