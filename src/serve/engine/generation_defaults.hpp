// Generation options of a task over those of the server.
#pragma once

#include <cstddef>

#include "blip/generation.hpp"

namespace blip::serve {

/// `task`, with what it leaves open from `defaults`. Options that answer one question go together:
/// a task's max_length is not overruled by a default max_new_tokens, nor its num_beams joined by a
/// default do_sample.
[[nodiscard]] GenerationOptions with_defaults(GenerationOptions task,
                                              const GenerationOptions& defaults);

/// Rows that the decoder has for them in every step.
[[nodiscard]] std::size_t rows_of(const GenerationOptions& options);

}  // namespace blip::serve
