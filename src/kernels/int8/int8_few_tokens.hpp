// The last panel of an image or a text, where few of its sixteen places are taken: 50 tokens of a
// CLIP B/32 are three panels and two places.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/int8/int8_multiply.hpp"
#include "kernels/layout/quantized_panels.hpp"

namespace blip {

/// Four rows' sums of four tokens fill half of the registers. More tokens have not been tried.
constexpr std::int64_t kFewTokens = 4;

/// How many tokens the last panel of every sequence has, if they are few and this processor gains
/// by multiplying them by themselves; else 0.
[[nodiscard]] std::int64_t few_last_tokens(const QuantizedPanels& x);

/// int8_multiply of one panel of which the first `tokens`, at most kFewTokens, count. The sums of
/// the other places are 0. Only where few_last_tokens is not 0.
void int8_multiply_few(const Int8Product& product, std::size_t tokens);

}  // namespace blip
