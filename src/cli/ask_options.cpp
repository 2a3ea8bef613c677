#include "cli/ask_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command_line.hpp"

namespace blip::cli {
namespace {

// Of the VQA checkpoints when they are used as BLIP's own code uses them.
constexpr int kOriginalImageSize = 480;
constexpr int kOriginalBeams = 3;
constexpr int kOriginalMaxLength = 10;
constexpr int kOriginalMinLength = 1;

constexpr std::string_view kFooter =
    "Examples:\n"
    "  blip ask cat.jpg \"how many cats are there?\" \"what color is the sofa?\"\n"
    "  blip ask --question \"is it day or night?\" ~/Pictures --recursive -o answers.jsonl "
    "--resume\n"
    "  blip ask photo.jpg \"what is she doing?\" --answers answers.txt --top 5 --vqa-style "
    "original\n";

// What the option texts say before they become values.
struct Words {
  std::string style = "hf";
  std::string answers;
};

void declare_answers(CLI::App& app, AskOptions& options, Words& words) {
  const char* group = "Answers";
  app.add_option("--vqa-style", words.style,
                 "hf, as in transformers, or original, as in BLIP's own code: cleaned questions of "
                 "35 tokens, [ENC] first, images of 480 x 480, 3 beams, at most 10 tokens with the "
                 "start token [hf]")
      ->type_name("STYLE")
      ->check(one_of({"hf", "original"}))
      ->group(group);
  app.add_option("--answers", words.answers,
                 "Choose from the answers in FILE, one per line (- for standard input), instead of "
                 "writing one: the paper's way")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--rank-k", options.rank_k,
                 "Of --answers, score as a whole the N whose first token is likeliest [128]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
  app.add_option("--top", options.top, "Of --answers, print the N best with their scores [1]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
}

void set_original_defaults(AskOptions& options) {
  if (!options.model.image_size) options.model.image_size = kOriginalImageSize;
  GenerationOptions& generation = options.generation.options;
  if (!generation.num_beams && !generation.do_sample) generation.num_beams = kOriginalBeams;
  if (!generation.max_length && !generation.max_new_tokens) {
    generation.max_length = kOriginalMaxLength;
  }
  if (!generation.min_length && !generation.min_new_tokens) {
    generation.min_length = kOriginalMinLength;
  }
}

void settle_answers(const CLI::App& app, AskOptions& options, const Words& words) {
  if (words.answers.empty()) {
    for (const char* name : {"--rank-k", "--top"}) {
      if (was_typed(app, name)) throw UsageError(std::string(name) + " needs --answers");
    }
    options.top = 1;  // whatever the environment wants of other commands
    return;
  }
  options.generation.forbid(app, "nothing is generated when --answers gives the choice");
  options.answers = without_repeats(lines_of(words.answers));
}

}  // namespace

std::size_t AskOptions::answers_per_question() const {
  if (answers.empty()) {
    return static_cast<std::size_t>(generation.options.num_return_sequences.value_or(1));
  }
  return std::min(
      {static_cast<std::size_t>(top), static_cast<std::size_t>(rank_k), answers.size()});
}

std::unique_ptr<AskOptions> parse_ask_options(Arguments arguments) {
  auto options = std::make_unique<AskOptions>();
  Words words;
  CLI::App app;
  options->inputs.declare(app, "IMAGE",
                          "A file, a folder or an http(s) URL; with --question or --questions, "
                          "several of them",
                          /*sharded=*/true);
  options->questions.declare(app, "about every image");
  options->model.declare(app, /*batched=*/true);
  declare_answers(app, *options, words);
  options->generation.declare(app);
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
      .footer = kFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;

  options->inputs.settle();
  options->inputs.require_images(help.name);
  options->questions.settle();
  options->questions.take_words(options->inputs.selection, help.name);
  options->questions.require_own_input(options->inputs.selection);
  options->model.settle();
  options->generation.settle(app);
  settle_answers(app, *options, words);
  if (words.style == "original") {
    options->style = TextStyle::original;
    set_original_defaults(*options);
  }
  options->output.settle();
  return options;
}

}  // namespace blip::cli
