#include "cli/output/score_columns.hpp"

namespace blip::cli {

ScoreColumns score_columns_of(const GenerationOptions& options) {
  return options.num_beams.value_or(1) > 1 ? ScoreColumns::beam_search
                                           : ScoreColumns::log_probabilities;
}

void add_score_columns(ScoreColumns columns, app::RecordSchema& schema) {
  if (columns == ScoreColumns::ranked) schema.results.emplace_back("score");
  schema.results.emplace_back("log_probability");
  schema.results.emplace_back("mean_log_probability");
  if (columns == ScoreColumns::beam_search) schema.results.emplace_back("beam_score");
}

void add_scores(const app::TextScore& score, ScoreColumns columns, app::Result& result) {
  if (columns == ScoreColumns::ranked) result.values.emplace_back(score.score);
  result.values.emplace_back(score.log_probability);
  result.values.emplace_back(score.mean_log_probability);
  if (columns == ScoreColumns::beam_search) result.values.emplace_back(score.score);
}

}  // namespace blip::cli
