#include "cli/options/generation_choices.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "cli/options/command_line.hpp"
#include "cli/options/text_choices.hpp"

namespace blip::cli {
namespace {

Option* add_integer(OptionParser& app, const std::string& name, std::optional<int>& value,
                    const std::string& description, int least) {
  return app.add_option(name, value, description)->type_name("N")->check(whole_number(least));
}

std::optional<EarlyStopping> early_stopping_of(const std::string& when) {
  if (when == "true") return EarlyStopping::when_full;
  if (when == "false") return EarlyStopping::heuristic;
  if (when == "never") return EarlyStopping::never;
  return std::nullopt;
}

}  // namespace

void GenerationChoices::declare(OptionParser& app) {
  add_integer(app, "--beams", options.num_beams, "Beam search over N candidates; 1 is greedy", 1)
      ->group(kGroup);
  add_integer(app, fmt::format("--num-{}s", words_.thing), options.num_return_sequences,
              fmt::format("{}{}s per {}; needs as many beams, or --sample",
                          static_cast<char>(words_.thing[0] - 'a' + 'A'), words_.thing.substr(1),
                          words_.per),
              1)
      ->group(kGroup);
  add_integer(app, "--max-new-tokens", options.max_new_tokens,
              fmt::format("Longest {} in tokens, {} not counted", words_.thing, words_.start), 1)
      ->group(kGroup);
  add_integer(app, "--min-new-tokens", options.min_new_tokens,
              fmt::format("Shortest {} in tokens, {} not counted", words_.thing, words_.start), 0)
      ->group(kGroup);
  const std::string counted = fmt::format("The same, {} counted", words_.start);
  add_integer(app, "--max-length", options.max_length, counted, 1)->group(kGroup);
  add_integer(app, "--min-length", options.min_length, counted, 0)->group(kGroup);
  app.add_option(
         "--length-penalty", options.length_penalty,
         fmt::format("Above 0 favours long {}s in beam search, below 0 short ones", words_.thing))
      ->type_name("X")
      ->check(number(-100, 100))
      ->group(kGroup);
  app.add_option("--early-stopping", early_stopping_,
                 fmt::format("End beam search when enough {}s are finished (true), when better "
                             "ones are unlikely (false) or impossible (never)",
                             words_.thing))
      ->type_name("WHEN")
      ->check(one_of({"true", "false", "never"}))
      ->group(kGroup);
  app.add_option("--repetition-penalty", options.repetition_penalty,
                 "Above 1 discourages repeated words")
      ->type_name("X")
      ->check(positive_number())
      ->group(kGroup);
  add_integer(app, "--no-repeat-ngram", options.no_repeat_ngram_size,
              "No N words in a row twice; 0 is off", 0)
      ->group(kGroup);
  app.add_option("--ban-words", banned_words_file_,
                 fmt::format("No {} contains the words and phrases in FILE, one per line, - for "
                             "standard input; \"dog\" does not ban \"dogs\"",
                             words_.thing))
      ->type_name("FILE")
      ->group(kGroup);
  declare_sampling(app);
}

void GenerationChoices::declare_sampling(OptionParser& app) {
  const char* group = "Sampling";
  app.add_flag("--sample", sample_, "Draw words at random instead of taking the likeliest")
      ->group(group);
  app.add_option("--temperature", options.temperature,
                 "Above 0; below 1 is bolder towards the likely")
      ->type_name("X")
      ->check(positive_number())
      ->group(group);
  add_integer(app, "--top-k", options.top_k, "Among the N likeliest; 0 is off", 0)->group(group);
  app.add_option("--top-p", options.top_p, "Among the likeliest that make up this probability")
      ->type_name("P")
      ->check(number(0, 1))
      ->group(group);
  app.add_option("--seed", options.seed,
                 fmt::format("Makes {}s repeatable; each depends on it and on the image's place in "
                             "the list",
                             words_.thing))
      ->type_name("N")
      ->check(whole_number(0, std::numeric_limits<long long>::max()))
      ->group(group);
}

void GenerationChoices::resolve(const OptionParser& app) {
  options.early_stopping = early_stopping_of(early_stopping_);
  if (sample_) {
    options.do_sample = true;
  }
  for (const char* name : {"--temperature", "--top-k", "--top-p", "--seed"}) {
    if (!sample_ && app.was_typed(name)) throw UsageError(std::string(name) + " needs --sample");
  }
  if (options.top_p == 0.0F) throw UsageError("--top-p: must be above 0");
  if (!banned_words_file_.empty()) banned_words = lines_of(banned_words_file_);
}

void GenerationChoices::require_own_input(const InputSelection& selection) const {
  if (banned_words_file_ == "-" && selection.list == "-") {
    throw UsageError("--from-file and --ban-words cannot both read standard input");
  }
}

void GenerationChoices::forbid(const OptionParser& app, std::string_view reason) const {
  const std::vector<std::string> names = {"--beams",
                                          fmt::format("--num-{}s", words_.thing),
                                          "--max-new-tokens",
                                          "--min-new-tokens",
                                          "--max-length",
                                          "--min-length",
                                          "--length-penalty",
                                          "--early-stopping",
                                          "--repetition-penalty",
                                          "--no-repeat-ngram",
                                          "--ban-words",
                                          "--sample"};
  for (const std::string& name : names) {
    if (app.was_typed(name)) throw UsageError(fmt::format("{}: {}", name, reason));
  }
}

std::string GenerationChoices::option_names_in(std::string message) const {
  const std::string num_option = fmt::format("--num-{}s", words_.thing);
  const std::array<std::pair<std::string_view, std::string_view>, 15> names = {{
      {"num_return_sequences", num_option},
      {"no_repeat_ngram_size", "--no-repeat-ngram"},
      {"repetition_penalty", "--repetition-penalty"},
      {"max_new_tokens", "--max-new-tokens"},
      {"min_new_tokens", "--min-new-tokens"},
      {"bad_words_ids", "--ban-words"},
      {"early_stopping", "--early-stopping"},
      {"length_penalty", "--length-penalty"},
      {"temperature", "--temperature"},
      {"max_length", "--max-length"},
      {"min_length", "--min-length"},
      {"num_beams", "--beams"},
      {"do_sample", "--sample"},
      {"top_k", "--top-k"},
      {"top_p", "--top-p"},
  }};
  for (const auto& [library, option] : names) {
    for (std::size_t at = message.find(library); at != std::string::npos;
         at = message.find(library, at + option.size())) {
      message.replace(at, library.size(), option);
    }
  }
  return message;
}

}  // namespace blip::cli
