// What CapFilt decided about the texts of an image, and the lines of decisions.jsonl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::train {

enum class TextSource {
  web,        ///< came with the image
  synthetic,  ///< by the captioner
  human,      ///< of annotated data, which is not filtered
};

/// "web", "synthetic" or "human".
std::string_view name_of(TextSource source);

struct JudgedText {
  TextSource source = TextSource::web;
  std::string text;  ///< valid UTF-8
  /// Probability of a match, of six decimals; nothing where the text was not judged: a human's, an
  /// empty one, or any without a filter.
  std::optional<double> score;
  bool kept = false;
};

struct ImageDecision {
  std::uint64_t image = 0;  ///< its place among the web's images, or among the humans'
  std::string key;
  bool is_human = false;
  std::vector<JudgedText> texts;
  std::string error;  ///< why the image is left out; empty if it is not
};

/// One JSON object a line, one line a text:
///   {"image": 7, "key": "000123", "source": "web", "text": "a dog", "score": 0.93, "kept": true}
/// or {"image": 8, "key": "000124", "source": "web", "error": "…"} for an image that is left out.
std::string decision_lines(const ImageDecision& decision);

/// Puts such lines together again, one after the other: consecutive lines of one image make a
/// decision.
class DecisionReader {
 public:
  /// `name` stands for the file in messages.
  explicit DecisionReader(std::string name) : name_(std::move(name)) {}

  /// Gives the decision that this line does not belong to any more. Throws malformed, naming file
  /// and line.
  std::optional<ImageDecision> take(std::string_view line);
  /// The last decision.
  std::optional<ImageDecision> finish();

 private:
  std::string name_;
  std::uint64_t lines_ = 0;
  std::optional<ImageDecision> current_;
};

}  // namespace blip::train
