// Runs a decode step and checks that it kept its side of the contract of decode_step.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "model/decode_step.hpp"

namespace blip {

/// Logits of each row: [rows, vocab_size]. Throws shape_mismatch when the decoder's vocabulary is
/// another than the settings say.
inline std::span<const float> checked_decode_step(const DecodeStep& decode_step,
                                                  const std::vector<DecodeRow>& rows,
                                                  std::size_t vocab_size) {
  const auto logits = decode_step(rows);
  if (logits.size() != rows.size() * vocab_size) {
    throw Error(ErrorCode::shape_mismatch, "the decoder returned " + std::to_string(logits.size()) +
                                               " logits for " + std::to_string(rows.size()) +
                                               " rows of vocab_size " + std::to_string(vocab_size));
  }
  return logits;
}

}  // namespace blip
