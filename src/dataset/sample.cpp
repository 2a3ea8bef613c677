#include "dataset/sample.hpp"

namespace blip::dataset {

std::vector<std::string> answers_of_people(const Question& question) {
  std::vector<std::string> answers;
  for (const Answer& answer : question.answers) {
    answers.insert(answers.end(), static_cast<std::size_t>(answer.count), answer.text);
  }
  return answers;
}

}  // namespace blip::dataset
