// The seam between generate/ and model/: what the generation loops know of a decoder.
#pragma once

#include <functional>
#include <span>

#include "blip/tokenizer.hpp"

namespace blip {

/// One sequence of a decoding step. The rows of a step are a fresh list each time: `parent` says
/// which row of the previous step's list this one continues, so beams may be reordered, dropped
/// (compaction) or split (one prompt row becoming num_beams rows) without copying any cache. New
/// rows may join in any step.
///
/// Rows of the same image stand next to each other, and are the rows of one search.
struct DecodeRow {
  int image = 0;                    ///< whose image features cross-attention reads
  int parent = -1;                  ///< row of the previous step; -1: a new sequence
  std::span<const TokenId> tokens;  ///< appended to the parent's history: the prompt, then one
};

/// Runs the decoder on the rows' new tokens and returns the logits after each row's last token:
/// [rows, vocab_size], valid until the next call. If it throws, the step has not happened: the
/// parents of the next call's rows are those of the last call that returned.
using DecodeStep = std::function<std::span<const float>(std::span<const DecodeRow> rows)>;

}  // namespace blip
