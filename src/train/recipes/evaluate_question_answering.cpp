#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/error.hpp"
#include "blip/question_answering.hpp"
#include "core/open_file.hpp"
#include "dataset/text_preprocessing.hpp"
#include "eval/vqa_accuracy.hpp"
#include "train/recipes/evaluation_data.hpp"
#include "train/recipes/evaluations.hpp"

namespace blip::train {
namespace {

// As many as the original's answer_list.json has for VQA v2.
constexpr std::size_t kMostAnswers = 3128;
constexpr std::size_t kMaxAnswerFileBytes = std::size_t{64} << 20;

std::vector<std::string> answers_of_file(const std::string& file) {
  std::istringstream lines(read_text_file(file, kMaxAnswerFileBytes));
  std::vector<std::string> answers;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) answers.push_back(line);
  }
  if (answers.empty()) throw Error(ErrorCode::invalid_argument, file + ": has no answers");
  return answers;
}

// The most frequent ones; of equals, the first in the alphabet.
std::vector<std::string> answers_of_training(const DataConfig& config) {
  const auto data = dataset::Dataset::open(config.train, {.root = config.images});
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < data.size(); ++i) {
    for (const dataset::Question& question : data.annotation(i).questions) {
      for (const dataset::Answer& answer : question.answers) {
        counts[answer.text] += static_cast<std::size_t>(answer.count);
      }
    }
  }
  std::vector<std::pair<std::string, std::size_t>> ranked(counts.begin(), counts.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  ranked.resize(std::min(ranked.size(), kMostAnswers));
  std::vector<std::string> answers;
  for (auto& [text, count] : ranked) answers.push_back(std::move(text));
  return answers;
}

}  // namespace

std::vector<std::string> candidate_answers(const TrainingConfig& config) {
  return config.evaluation.answers.empty() ? answers_of_training(config.data)
                                           : answers_of_file(config.evaluation.answers);
}

Evaluation evaluate_question_answering(const std::filesystem::path& model,
                                       const TrainingConfig& config, const EvaluationData& data,
                                       const std::vector<std::string>& answers) {
  const auto answerer = BlipForQuestionAnswering::from_pretrained(model);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(model);
  const auto answer_tokens = token_lists(tokenizer, answers, config.data.max_tokens);
  const RankOptions ranking = {
      .k = std::min(config.evaluation.candidates, static_cast<int>(answers.size())),
      .style = TextStyle::original};
  Context context;

  std::vector<std::string> given;
  std::vector<eval::VqaQuestion> wanted;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& pixels) {
    const auto images = answerer.encode_images(pixels, context);
    // Every question with its image.
    std::vector<EncodedImage> question_images;
    std::vector<std::string> questions;
    for (std::size_t i = 0; i < images.size(); ++i) {
      for (const dataset::Question& question : data.pictures()[first + i].questions) {
        if (question.answers.empty()) continue;
        question_images.push_back(images[i]);
        questions.push_back(
            dataset::pre_question(question.text, static_cast<std::size_t>(config.data.max_words)));
        wanted.push_back({.answers = dataset::answers_of_people(question)});
      }
    }
    const auto ranked = answerer.rank_answers(
        question_images, token_lists(tokenizer, questions, config.data.max_tokens), answer_tokens,
        ranking, context);
    for (const auto& best : ranked) given.push_back(answers[best.front().answer]);
  });
  const double accuracy = eval::vqa_scores(given, wanted).accuracy;
  return {{{"accuracy", accuracy}}, accuracy};
}

}  // namespace blip::train
