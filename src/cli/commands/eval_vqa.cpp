// blip eval vqa: VQA accuracy of answers from a file or of a model on a data set.
#include <fmt/format.h>

#include <iterator>
#include <memory>

#include "app/answerer.hpp"
#include "blip/error.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/ask_options.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/eval_data.hpp"
#include "cli/output/eval_output.hpp"
#include "core/open_file.hpp"
#include "eval/result_records.hpp"
#include "eval/vqa_files.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kEvalVqaFooter =
    "Examples:\n"
    "  blip eval vqa --results answers.json --annotations v2_mscoco_val2014_annotations.json\n"
    "  blip eval vqa -m my-model --data val.tar --vqa-style original --answers answers.txt\n"
    "\n"
    "Exit code: 0 judged; 2 something is missing, double or cannot be read.\n";

struct EvalVqaOptions {
  std::string results;
  std::string annotations;
  EvalData data;
  AskOptions asking;
  EvalOutput output;
};

std::unique_ptr<EvalVqaOptions> parse_eval_vqa_options(Arguments arguments) {
  auto options = std::make_unique<EvalVqaOptions>();
  OptionParser app;
  app.add_option("--results", options->results,
                 R"(Answers: [{"question_id", "answer"}], as VQA's result files)")
      ->type_name("FILE")
      ->group("Files");
  app.add_option(
         "--annotations", options->annotations,
         R"(What people answered: VQA's annotations, or records with "answers" or "answer")")
      ->type_name("FILE")
      ->group("Files");
  options->data.declare(app);
  options->asking.model.declare(app, /*batched=*/true);
  options->asking.declare_answers(app, /*several=*/false);
  options->asking.generation.declare(app);
  options->output.declare(app, "question");
  const CommandHelp help = {
      .name = "eval vqa",
      .synopsis =
          "[options] --results FILE --annotations FILE\n"
          "       blip eval vqa [options] -m MODEL --data FILE...",
      .summary =
          "Judges answers as the official VQA evaluation does: an answer is right to a third for "
          "each other person who gave it. A question with a single answer is right or wrong. "
          "Every question needs one answer.",
      .footer = kEvalVqaFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  const bool from_files = !options->results.empty();
  if (from_files == options->data.given()) {
    throw UsageError("give either --results FILE or --data FILE...; see: blip eval vqa --help");
  }
  if (from_files && options->annotations.empty()) {
    throw UsageError("--results needs --annotations FILE");
  }
  if (!from_files && !options->annotations.empty()) {
    throw UsageError("--annotations needs --results; --data has its own");
  }
  if (!from_files) {
    options->asking.model.resolve();
    options->asking.generation.resolve(app);
    options->asking.resolve_answers(app);
    const auto& sequences = options->asking.generation.options.num_return_sequences;
    if (sequences.value_or(1) != 1) throw UsageError("--num-answers: one can be judged");
    // As stored: data sets are read so where models are trained and judged.
    options->asking.inputs.pictures.exif_rotation = false;
  }
  return options;
}

struct JudgedAnswers {
  eval::VqaAnnotations annotations;
  std::vector<std::string> answers;
};

JudgedAnswers from_files(const EvalVqaOptions& options) {
  const auto results = eval::parse_vqa_results(
      read_text_file(options.results, eval::kMaxResultBytes), options.results);
  JudgedAnswers judged;
  judged.annotations = eval::parse_vqa_annotations(
      read_text_file(options.annotations, eval::kMaxResultBytes), options.annotations);
  judged.answers =
      eval::pair_answers(results, options.results, judged.annotations, options.annotations);
  return judged;
}

eval::VqaQuestion people_of(const dataset::AnnotatedPicture& picture,
                            const dataset::Question& question) {
  eval::VqaQuestion people{.answers = dataset::answers_of_people(question)};
  if (people.answers.empty()) {
    throw Error(ErrorCode::invalid_argument,
                picture.key + ": question '" + question.text + "' has no answers to compare with");
  }
  return people;
}

// The questions of all pictures, picture after picture.
eval::VqaAnnotations annotations_of(const std::vector<dataset::AnnotatedPicture>& pictures) {
  eval::VqaAnnotations annotations;
  for (const dataset::AnnotatedPicture& picture : pictures) {
    for (std::size_t i = 0; i < picture.questions.size(); ++i) {
      const dataset::Question& question = picture.questions[i];
      annotations.ids.push_back(question.id.empty() ? fmt::format("{}#{}", picture.key, i)
                                                    : question.id);
      annotations.questions.push_back(people_of(picture, question));
    }
  }
  if (annotations.ids.empty()) {
    throw Error(ErrorCode::invalid_argument,
                pictures.front().key + ": has no questions, and no other sample either");
  }
  return annotations;
}

JudgedAnswers from_model(EvalVqaOptions& options) {
  options.data.open();
  const std::vector<dataset::AnnotatedPicture>& pictures = options.data.pictures();
  JudgedAnswers judged;
  judged.annotations = annotations_of(pictures);
  const AskOptions& asking = options.asking;
  const app::Answerer answerer(
      find_model(asking.model, asking.inputs.pictures, options.output.quiet()), asking.answering());
  Context context({.num_threads = asking.model.threads});
  options.data.for_each_batch(
      {.reader = answerer.pictures(),
       .batch = static_cast<std::size_t>(asking.model.batch),
       .num_threads = context.num_threads(),
       .quiet = options.output.quiet()},
      [&](std::size_t first, app::Images images) {
        const std::vector<EncodedImage> encoded = answerer.encode(images, context);
        std::vector<EncodedImage> pair_images;
        std::vector<std::string> questions;
        for (std::size_t i = 0; i < encoded.size(); ++i) {
          for (const dataset::Question& question : pictures[first + i].questions) {
            pair_images.push_back(encoded[i]);
            questions.push_back(question.text);
          }
        }
        const auto answers = asking.generation.with_option_names([&] {
          return answerer.answer_pairs(pair_images, answerer.tokens(questions),
                                       judged.answers.size(), context);
        });
        for (const app::Answers& best : answers) judged.answers.push_back(best.front().text);
      });
  return judged;
}

EvalScores scores_of(const eval::VqaScores& vqa) {
  EvalScores scores;
  scores.json["questions"] = vqa.questions.size();
  scores.lines.emplace_back("questions", fmt::format("{}", vqa.questions.size()));
  // Per cent, as the official program has them.
  scores.json["accuracy"] = 100 * vqa.accuracy;
  scores.lines.emplace_back("accuracy", fmt::format("{:.2f}", 100 * vqa.accuracy));
  const auto add = [&](const char* key, const std::map<std::string, double>& by_type) {
    for (const auto& [type, accuracy] : by_type) {
      scores.json[key][type] = 100 * accuracy;
      scores.lines.emplace_back("  " + type, fmt::format("{:.2f}", 100 * accuracy));
    }
  };
  add("by_answer_type", vqa.by_answer_type);
  add("by_question_type", vqa.by_question_type);
  return scores;
}

std::vector<nlohmann::ordered_json> items_of(const JudgedAnswers& judged,
                                             const eval::VqaScores& vqa) {
  std::vector<nlohmann::ordered_json> items;
  for (std::size_t i = 0; i < judged.answers.size(); ++i) {
    auto& item = items.emplace_back();
    item["question_id"] = judged.annotations.ids[i];
    item["answer"] = judged.answers[i];
    item["accuracy"] = 100 * vqa.questions[i];
  }
  return items;
}

}  // namespace

ExitCode eval_vqa(Arguments arguments) {
  const auto options = parse_eval_vqa_options(arguments);
  if (!options) return ExitCode::ok;
  const JudgedAnswers judged =
      options->results.empty() ? from_model(*options) : from_files(*options);
  const eval::VqaScores vqa = eval::vqa_scores(judged.answers, judged.annotations.questions);
  if (options->output.wants_items()) options->output.write_items(items_of(judged, vqa));
  options->output.write(scores_of(vqa));
  return ExitCode::ok;
}

}  // namespace blip::cli
