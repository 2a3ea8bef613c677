// Decisions: what the evidence of a picture comes to by a policy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/moderation/policy.hpp"

namespace blip::app {

/// What one rule found.
struct Evidence {
  double score = 0.0;  ///< as Rule says; of words 1 or 0. Rounded to 4 places, see rounded().
  std::optional<double> probability = {};  ///< of a rule with a calibration
  std::string found = {};                  ///< the text or word that fits best, or the answer
  Action action = Action::allow;
};

struct Decision {
  Action action = Action::allow;        ///< the strictest of the evidence
  std::vector<Evidence> evidence = {};  ///< of each rule of the policy, in its order
  std::string caption = {};             ///< if a rule looks at it
};

/// To 4 places: what differs between processors and numbers of threads is far below that.
double rounded(double value);

/// Sets probability and action of evidence whose score is known.
void decide(const Rule& rule, Evidence& evidence);

/// The first of `words` in `text`: whole words, whatever their case and the blanks between them.
std::optional<std::string> word_in(const std::vector<std::string>& words, std::string_view text);

}  // namespace blip::app
