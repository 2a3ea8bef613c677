// Fitting a policy to labelled pictures: calibrations, thresholds, and how well it then decides.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/moderation/decision.hpp"
#include "app/moderation/policy.hpp"

namespace blip::app {

struct LabelledPicture {
  std::string path = {};
  std::string text = {};                 ///< what comes with it
  std::vector<std::string> labels = {};  ///< the categories that it belongs to
};

/// Lines {"path": …, "text": …, "labels": ["weapons"]}. Throws malformed, also for a label that is
/// no category of the policy.
std::vector<LabelledPicture> read_labelled(std::string_view text, const std::string& name,
                                           const Policy& policy);

struct FittingOptions {
  bool isotonic = false;         ///< else Platt's sigmoid
  double block_precision = 0.9;  ///< block from the lowest threshold that has this precision
  double review_recall = 0.8;    ///< review from the highest threshold that has this recall
};

/// The policy with calibrations and thresholds for every rule with scores, from the evidence of
/// each labelled picture; and a report with the curves. Where no threshold is precise enough, the
/// rule does not block. Throws invalid_argument, naming the category, without examples of either
/// kind.
struct FittedPolicy {
  Policy policy;
  std::vector<nlohmann::ordered_json> report;  ///< of each rule with scores
};
FittedPolicy fit_policy(const Policy& policy, const std::vector<LabelledPicture>& pictures,
                        const std::vector<Decision>& decisions, const FittingOptions& options);

/// Of each category: how many pictures belong to it, and precision and recall of what is blocked,
/// and of what is blocked or to be reviewed.
nlohmann::ordered_json decision_report(const Policy& policy,
                                       const std::vector<LabelledPicture>& pictures,
                                       const std::vector<Decision>& decisions);

}  // namespace blip::app
