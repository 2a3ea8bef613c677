// The scores that come with captions and answers in JSON and CSV.
#pragma once

#include "app/records/record.hpp"
#include "app/text_score.hpp"
#include "blip/generation.hpp"

namespace blip::cli {

enum class ScoreColumns {
  log_probabilities,  ///< "log_probability", "mean_log_probability"
  beam_search,        ///< these and "beam_score"
  ranked,             ///< "score" of an answer from a list, then these
};

/// Of texts that are generated with `options`.
[[nodiscard]] ScoreColumns score_columns_of(const GenerationOptions& options);

/// Adds their names behind those of the text itself.
void add_score_columns(ScoreColumns columns, app::RecordSchema& schema);

/// Adds the values in the same order.
void add_scores(const app::TextScore& score, ScoreColumns columns, app::Result& result);

}  // namespace blip::cli
