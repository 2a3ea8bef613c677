// The options of `blip ask`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/answerer.hpp"
#include "blip/text_style.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/options/explain_choices.hpp"
#include "cli/options/generation_choices.hpp"
#include "cli/options/option_parser.hpp"
#include "cli/options/run_options.hpp"
#include "cli/options/text_choices.hpp"
#include "cli/output/score_columns.hpp"

namespace blip::cli {

class AskOptions {
 public:
  /// --vqa-style, --answers, --rank-k and, if `several`, --top.
  void declare_answers(OptionParser& app, bool several);
  /// After parsing, and after `model` and `generation`.
  void resolve_answers(const OptionParser& app);

  InputOptions inputs;
  TextChoices questions{"question"};
  ModelOptions model{kQuestionModel};
  TextStyle style = TextStyle::hf;
  GenerationChoices generation{{.thing = "answer", .per = "question", .start = "start token"}};
  std::vector<std::string> answers;  ///< to choose from; empty: the model's own words
  int rank_k = 128;
  int top = 1;
  ExplainChoices explain;
  OutputOptions output;

  [[nodiscard]] app::AnswerOptions answering() const;
  /// Which scores come with the answers.
  [[nodiscard]] ScoreColumns has_scores() const;
  /// How many answers each question gets.
  [[nodiscard]] std::size_t answers_per_question() const;

 private:
  void set_original_defaults();

  std::string style_ = "hf";
  std::string answers_file_;
};

/// Nothing if the user asked for help, which is then printed. Throws UsageError.
std::unique_ptr<AskOptions> parse_ask_options(Arguments arguments);

}  // namespace blip::cli
