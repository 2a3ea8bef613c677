// Sample: one picture (NLVR2: two) and all that was said or asked about it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace blip::dataset {

/// A picture file's bytes, not decoded.
struct EncodedPicture {
  std::string name;              ///< as the data set names it, e.g. "val2014/COCO_….jpg"
  std::vector<std::byte> bytes;  ///< empty where only the annotation was read
};

/// One of the different answers that were given to a question.
struct Answer {
  std::string text;
  int count = 1;        ///< how many people gave it
  double weight = 1.0;  ///< of its loss: count / all answers; Visual Genome's 0.2
};

struct Question {
  std::string id;  ///< empty if the data set has none
  std::string text;
  std::vector<Answer> answers;  ///< in the order of their first occurrence; none in a test split
};

/// What every person said, an answer as often as it was given: what VQA accuracy counts.
std::vector<std::string> answers_of_people(const Question& question);

/// A sentence about the pictures that is true or not (NLVR2).
struct Statement {
  std::string text;
  std::optional<bool> is_true;
};

struct Sample {
  std::string key;       ///< tells samples of a data set apart in messages and results
  std::string image_id;  ///< shared by samples of the same picture; empty if the data set has none
  std::string source;    ///< the field "dataset": "vqa", "vg", …; often empty
  bool is_synthetic = false;  ///< the field "synthetic": no person said what is said here
  std::vector<EncodedPicture> pictures;
  std::vector<std::string> captions;
  std::vector<Question> questions;
  std::vector<Statement> statements;
  /// What the picture shows, of a data set for classification: the name or the number of a class;
  /// empty if the data set has none.
  std::string label = {};
};

}  // namespace blip::dataset
