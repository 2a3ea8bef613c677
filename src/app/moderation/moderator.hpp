// Moderator: pictures and the texts that come with them in, decisions out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/answerer.hpp"
#include "app/captioner.hpp"
#include "app/embedder.hpp"
#include "app/moderation/decision.hpp"
#include "app/moderation/policy.hpp"
#include "app/moderation/rule_evidence.hpp"

namespace blip::app {

/// What a policy's models are opened with; those that no rule needs are not looked at.
struct ModeratorModels {
  ModelOptions texts;
  ModelOptions questions;
  ModelOptions captions;
};

/// Immutable after construction. A picture goes through the models alone, so that its decision does
/// not depend on its neighbours: the same bytes come to the same verdict. All throw blip::Error.
class Moderator {
 public:
  /// Throws invalid_argument for a policy none of whose rules looks at pictures.
  Moderator(Policy policy, const ModeratorModels& models, Context& context);

  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
  /// Of the first model; the others read the picture themselves.
  [[nodiscard]] const PictureReader& pictures() const;

  /// `image`: prepared by pictures(), its name being a path, its text what comes with it.
  [[nodiscard]] Decision moderate(const PreparedImage& image, Context& context) const;

 private:
  [[nodiscard]] PreparedImage prepared(const PreparedImage& image,
                                       const PictureReader& pictures) const;
  [[nodiscard]] std::vector<float> cosines(const PreparedImage& image, Context& context) const;
  [[nodiscard]] std::vector<std::vector<AnswerLikelihood>> answers(const PreparedImage& image,
                                                                   Context& context) const;
  [[nodiscard]] std::string caption(const PreparedImage& image, Context& context) const;

  Policy policy_;
  PolicyQuestions asked_;
  std::optional<Embedder> embedder_;
  Tensor phrases_;  // [phrases, D]
  std::optional<Answerer> answerer_;
  std::optional<Captioner> captioner_;
};

}  // namespace blip::app
