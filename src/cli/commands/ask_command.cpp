// blip ask: answers questions about images.
#include <fmt/format.h>

#include <memory>
#include <vector>

#include "cli/answerer.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/options/ask_options.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

std::string line_of(const Answer& answer, const std::string& question, const AskOptions& options) {
  std::string line = printable(answer.text);
  if (options.top > 1) line = fmt::format("{:.4f}  {}", answer.score, line);
  if (options.questions.texts.size() > 1) line = printable(question) + ": " + line;
  return line;
}

Finding finding_of(const Answers& answers, const std::string& question, const AskOptions& options) {
  Finding finding{.about = {question}, .results = {}};
  for (const Answer& answer : answers) {
    Result result{.values = {answer.text}, .line = line_of(answer, question, options)};
    if (!options.answers.empty()) result.values.emplace_back(answer.score);
    finding.results.push_back(std::move(result));
  }
  return finding;
}

std::vector<std::vector<Finding>> examine(Answerer& answerer, const AskOptions& options,
                                          Images images) {
  std::vector<std::vector<Finding>> findings;
  for (const std::vector<Answers>& answers : answerer.answer(images)) {
    std::vector<Finding> about_image;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      about_image.push_back(finding_of(answers[i], options.questions.texts[i], options));
    }
    findings.push_back(std::move(about_image));
  }
  return findings;
}

RecordShape shape_of(const AskOptions& options) {
  RecordShape shape;
  shape.about = {"question"};
  shape.results = {"answer"};
  if (!options.answers.empty()) shape.results.emplace_back("score");
  shape.list = "answers";
  return shape;
}

}  // namespace

ExitCode run_ask(Arguments arguments) {
  const auto options = parse_ask_options(arguments);
  if (!options) return ExitCode::ok;

  const ImageRun run = {
      .inputs = options->inputs,
      .output = options->output,
      .batch = options->model.batch,
      .shape = shape_of(*options),
      .text_with_path = options->output.resume || !options->inputs.names_one_image(),
      .asked = options->questions.texts,
      .results_per_finding = options->answers_per_question()};
  std::unique_ptr<Answerer> answerer;
  return run_images(run, [&] {
    answerer = std::make_unique<Answerer>(*options);
    return task_of(*answerer, [&](Images images) { return examine(*answerer, *options, images); });
  });
}

}  // namespace blip::cli
