// Scratch memory for each thread of a Context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "blip/context.hpp"
#include "core/scratch.hpp"

namespace blip {

/// `count` uninitialised elements for each thread, valid until the innermost Frame of the context's
/// scratch ends. Indexed by the number that a task is given of its thread.
template <typename T>
std::vector<T*> allocate_for_threads(Context& context, std::int64_t count) {
  std::vector<T*> memory(static_cast<std::size_t>(context.num_threads()));
  for (T*& own : memory) own = context.scratch().allocate<T>(static_cast<std::size_t>(count));
  return memory;
}

}  // namespace blip
