#include "cli/options/ask_options.hpp"

#include <algorithm>

#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

// Of the VQA checkpoints when they are used as BLIP's own code uses them.
constexpr int kOriginalImageSize = 480;
constexpr int kOriginalBeams = 3;
constexpr int kOriginalMaxLength = 10;
constexpr int kOriginalMinLength = 1;

constexpr std::string_view kAskFooter =
    "Examples:\n"
    "  blip ask cat.jpg \"how many cats are there?\" \"what color is the sofa?\"\n"
    "  blip ask --question \"is it day or night?\" ~/Pictures --recursive -o answers.jsonl "
    "--resume\n"
    "  blip ask photo.jpg \"what is she doing?\" --answers answers.txt --top 5 --vqa-style "
    "original\n";

}  // namespace

void AskOptions::declare_answers(OptionParser& app, bool several) {
  const char* group = "Answers";
  app.add_option("--vqa-style", style_,
                 "hf, as in transformers, or original, as in BLIP's own code: cleaned questions of "
                 "35 tokens, [ENC] first, images of 480 x 480, 3 beams, at most 10 tokens with the "
                 "start token [hf]")
      ->type_name("STYLE")
      ->check(one_of({"hf", "original"}))
      ->group(group);
  app.add_option("--answers", answers_file_,
                 "Choose from the answers in FILE, one per line (- for standard input), instead of "
                 "writing one: the paper's way")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--rank-k", rank_k,
                 "Of --answers, score as a whole the N whose first token is likeliest [128]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
  if (!several) return;
  app.add_option("--top", top, "Of --answers, print the N best with their scores [1]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
}

void AskOptions::set_original_defaults() {
  if (!model.image_size) model.image_size = kOriginalImageSize;
  GenerationOptions& options = generation.options;
  if (!options.num_beams && !options.do_sample) options.num_beams = kOriginalBeams;
  if (!options.max_length && !options.max_new_tokens) options.max_length = kOriginalMaxLength;
  if (!options.min_length && !options.min_new_tokens) options.min_length = kOriginalMinLength;
}

void AskOptions::resolve_answers(const OptionParser& app) {
  if (answers_file_.empty()) {
    for (const char* name : {"--rank-k", "--top"}) {
      if (app.was_typed(name)) {
        throw UsageError(std::string(name) + " needs --answers");
      }
    }
    top = 1;  // whatever the environment wants of other commands
  } else {
    generation.forbid(app, "nothing is generated when --answers gives the choice");
    answers = without_repeats(lines_of(answers_file_));
  }
  if (style_ == "original") {
    style = TextStyle::original;
    set_original_defaults();
  }
}

app::AnswerOptions AskOptions::answering() const {
  return {.style = style,
          .generation = generation.options,
          .answers = answers,
          .rank_k = rank_k,
          .top = answers_per_question(),
          .banned_words = generation.banned_words,
          .explain = explain.options()};
}

ScoreColumns AskOptions::has_scores() const {
  if (!answers.empty()) return ScoreColumns::ranked;
  return score_columns_of(generation.options);
}

std::size_t AskOptions::answers_per_question() const {
  if (answers.empty()) {
    return static_cast<std::size_t>(generation.options.num_return_sequences.value_or(1));
  }
  return std::min(
      {static_cast<std::size_t>(top), static_cast<std::size_t>(rank_k), answers.size()});
}

std::unique_ptr<AskOptions> parse_ask_options(Arguments arguments) {
  auto options = std::make_unique<AskOptions>();
  OptionParser app;
  options->inputs.selection.columns.text = "question";
  options->inputs.declare(app, "IMAGE",
                          "A file, a folder or an http(s) URL; with --question or --questions, "
                          "several of them",
                          /*sharded=*/true);
  options->questions.declare(app, "about every image");
  options->model.declare(app, /*batched=*/true);
  options->declare_answers(app, /*several=*/true);
  options->generation.declare(app);
  options->explain.declare(app);
  options->output.declare(
      app, record_formats(),
      "Keep the answers that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "ask",
      .synopsis =
          "[options] IMAGE QUESTION...\n"
          "       blip ask [options] --question QUESTION... IMAGE...",
      .summary =
          "Answers questions about images. One question about one image prints its answer "
          "alone, several questions print `question: answer`, several images put `path: ` "
          "before that.",
      .footer = kAskFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;

  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->questions.resolve();
  options->questions.take_words(options->inputs.selection, help.name);
  options->questions.require_own_input(options->inputs.selection);
  options->model.resolve();
  options->generation.resolve(app);
  options->generation.require_own_input(options->inputs.selection);
  options->resolve_answers(app);
  options->explain.resolve(app);
  options->output.resolve();
  return options;
}

}  // namespace blip::cli
