// What a policy asks of models, and the decision that follows from what they say.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/moderation/decision.hpp"
#include "app/moderation/policy.hpp"

namespace blip::app {

/// Where what a rule asks is in the lists below.
struct RuleQuestions {
  std::vector<std::size_t> texts;
  std::vector<std::size_t> against;
  std::size_t question = 0;
};

/// Of a policy's rules together, each text once, in the order of the rules.
struct PolicyQuestions {
  std::vector<std::string> phrases;    ///< to be compared with the picture
  std::vector<std::string> questions;  ///< to be answered by one of `answers`
  std::vector<std::string> answers;
  bool caption = false;  ///< whether a rule looks for words in the caption
  std::vector<RuleQuestions> rules;

  [[nodiscard]] bool empty() const { return phrases.empty() && questions.empty() && !caption; }
};
PolicyQuestions questions_of(const Policy& policy);

/// A policy beside what it asks, put together once for many pictures.
struct AskingPolicy {
  Policy policy;
  PolicyQuestions asked = questions_of(policy);
};

struct AnswerLikelihood {
  std::string answer;
  float log_probability = 0.0F;
};

/// The names of the models that these are put to. One that the policy does not name is the
/// program's own; one that no rule needs is empty.
struct PolicyModels {
  std::string texts;
  std::string questions;
  std::string captions;

  [[nodiscard]] int count() const {
    return int{!texts.empty()} + int{!questions.empty()} + int{!captions.empty()};
  }
};
PolicyModels models_of(const Policy& policy);

/// What the models say of a picture.
struct ModelFindings {
  std::vector<float> cosines;  ///< of each phrase with the picture
  /// To each question, in any order.
  std::vector<std::vector<AnswerLikelihood>> answers;
  std::string caption;
};

/// `asked`: questions_of(policy). `text`: what comes with the picture.
Decision decision_of(const Policy& policy, const PolicyQuestions& asked,
                     const ModelFindings& findings, const std::optional<std::string>& text);

}  // namespace blip::app
