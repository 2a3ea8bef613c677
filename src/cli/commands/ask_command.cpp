// blip ask: answers questions about images.
#include <fmt/format.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "app/answerer.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/ask_options.hpp"
#include "cli/output/score_columns.hpp"

namespace blip::cli {
namespace {

app::RecordSchema schema_of(const AskOptions& options) {
  app::RecordSchema schema;
  schema.about = {"question"};
  schema.results = {"answer"};
  add_score_columns(options.has_scores(), schema);
  schema.list = "answers";
  if (options.answers.empty()) schema.list_of_others = "scores";
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  schema.asked_by_input = options.inputs.has_texts();
  if (!schema.asked_by_input) schema.asked = options.questions.texts;
  schema.results_per_finding = options.answers_per_question();
  return schema;
}

std::string line_of(const app::Answer& answer, const std::string& question,
                    const AskOptions& options) {
  std::string line = answer.text;
  if (options.top > 1) line = fmt::format("{:.4f}  {}", answer.score.score, line);
  if (options.questions.texts.size() > 1 || options.inputs.has_texts()) {
    line = question + ": " + line;
  }
  return line;
}

app::Finding finding_of(const app::Answers& answers, const std::string& question,
                        const AskOptions& options) {
  app::Finding finding{.about = {question}, .results = {}};
  for (const app::Answer& answer : answers) {
    app::Result result{.values = {answer.text}, .line = line_of(answer, question, options)};
    add_scores(answer.score, options.has_scores(), result);
    finding.results.push_back(std::move(result));
  }
  return finding;
}

// answers: for each image, those to every question
std::vector<std::vector<app::Finding>> findings_of(
    const std::vector<std::vector<app::Answers>>& answers, app::Images images,
    const AskOptions& options) {
  std::vector<std::vector<app::Finding>> findings;
  for (std::size_t image = 0; image < images.size(); ++image) {
    std::vector<app::Finding>& about_image = findings.emplace_back();
    const auto& own = images[image]->text;
    for (std::size_t i = 0; i < answers[image].size(); ++i) {
      const std::string& question = own ? *own : options.questions.texts[i];
      about_image.push_back(finding_of(answers[image][i], question, options));
    }
  }
  return findings;
}

// answers: to every question about every image
void write_explanations(const app::ExplanationFolder& folder, app::Images images,
                        const std::vector<std::vector<app::Answers>>& answers) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::size_t count = 0;
    for (const app::Answers& of_question : answers[i]) count += of_question.size();
    std::size_t place = 0;
    for (const app::Answers& of_question : answers[i]) {
      for (const app::Answer& answer : of_question) {
        if (!answer.explanation) continue;
        folder.write(images[i]->name, images[i]->index, place++, count, *answer.explanation);
      }
    }
  }
}

}  // namespace

ExitCode run_ask(Arguments arguments) {
  const auto options = parse_ask_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  app::AnswerOptions answering = options->answering();
  answering.generation.output_scores = options->output.tells_scores();
  const app::Answerer answerer(
      find_model(options->model, options->inputs.pictures, options->output.quiet),
      std::move(answering));
  const auto questions = answerer.tokens(options->questions.texts);
  Context context({.num_threads = options->model.threads});
  const auto folder = options->explain.open(options->inputs);
  run.start(answerer.pictures(), context.num_threads(), [&](const Input& input) {
    options->generation.with_option_names([&] { answerer.check(input); });
  });
  while (const auto batch = run.next_batch()) {
    const auto answers = options->generation.with_option_names(
        [&] { return answerer.answer(batch->images(), questions, context); });
    if (folder) write_explanations(*folder, batch->images(), answers);
    run.report(*batch, findings_of(answers, batch->images(), *options));
  }
  return run.finish();
}

}  // namespace blip::cli
