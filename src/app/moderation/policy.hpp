// Policy: what is allowed in pictures, in JSON. docs/moderation.md describes the format.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/moderation/calibration.hpp"

namespace blip::app {

enum class Action { allow, review, block };  ///< the stricter ones come later

std::string_view name_of(Action action);

/// By the cosines of a dual encoder: the best of `texts` less the best of `against`.
struct TextsRule {
  std::vector<std::string> texts;
  std::vector<std::string> against = {"something", "anything", "a thing"};
};

/// By the answers of a model: how likely `answers` are among these and `others`.
struct QuestionRule {
  std::string question;
  std::vector<std::string> answers = {"yes"};
  std::vector<std::string> others = {"no"};
};

/// By words and phrases in the caption or in the text that comes with the picture.
struct WordsRule {
  std::vector<std::string> words;
  bool in_caption = true;
  bool in_text = true;
  Action action = Action::review;
};

struct Rule {
  std::string category;
  std::variant<TextsRule, QuestionRule, WordsRule> by;
  // Of the probability if there is a calibration, else of the score; not of words.
  std::optional<double> review;
  std::optional<double> block;
  std::optional<Calibration> calibration;
};

struct Policy {
  std::string description = {};  ///< for people
  std::string texts_model = {};  ///< empty: the program's own
  std::string question_model = {};
  std::string caption_model = {};
  std::vector<Rule> rules;

  [[nodiscard]] std::vector<std::string> categories() const;
  /// Of rules with neither `review` nor `block`: they never do anything before they are calibrated.
  [[nodiscard]] std::vector<std::string> uncalibrated_categories() const;
};

inline constexpr std::size_t kMaxPolicyBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxRules = 1000;
inline constexpr std::size_t kMaxPhrases = 10'000;
inline constexpr std::size_t kMaxPhraseBytes = 1000;

/// `name` stands for it in messages. Throws malformed, naming the key: for what is missing, of the
/// wrong kind, out of range, or unknown, so that no misspelt rule is passed over.
Policy parse_policy(std::string_view text, const std::string& name);

nlohmann::ordered_json policy_json(const Policy& policy);

}  // namespace blip::app
