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

namespace blip::app {

/// What a policy's models are opened with; those that no rule needs are not looked at.
struct ModeratorModels {
  ModelOptions texts;
  ModelOptions questions;
  ModelOptions captions;
};

/// Which of them that are.
struct NeededModels {
  bool texts = false;
  bool questions = false;
  bool captions = false;
};
NeededModels needed_models(const Policy& policy);

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
  struct TextVectors {
    std::size_t rule;
    Tensor texts;    // [texts, D]
    Tensor against;  // [texts, D]
  };

  [[nodiscard]] PreparedImage prepared(const PreparedImage& image,
                                       const PictureReader& pictures) const;
  void compare_texts(const PreparedImage& image, Decision& decision, Context& context) const;
  void ask_questions(const PreparedImage& image, Decision& decision, Context& context) const;
  void look_for_words(const PreparedImage& image, Decision& decision, Context& context) const;

  Policy policy_;
  std::optional<Embedder> embedder_;
  std::vector<TextVectors> vectors_;
  std::optional<Answerer> answerer_;
  std::vector<std::string> answers_;  // of all questions
  std::optional<Captioner> captioner_;
};

}  // namespace blip::app
