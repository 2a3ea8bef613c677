#include "app/moderation/policy_fitting.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::app {
namespace {

using OrderedJson = nlohmann::ordered_json;

bool belongs(const LabelledPicture& picture, const std::string& category) {
  return std::ranges::find(picture.labels, category) != picture.labels.end();
}

LabelledPicture labelled_picture(std::string_view line, const std::string& where,
                                 const std::vector<std::string>& categories) {
  const nlohmann::json object = parse_json_object(line, where);
  const JsonFields fields(object, where);
  const auto path = fields.string("path");
  if (!path || path->empty()) fields.fail("path", "is missing");
  LabelledPicture picture{
      .path = path_of_text(*path), .text = fields.string("text").value_or(""), .labels = {}};
  const nlohmann::json* labels = fields.find("labels");
  if (labels == nullptr || !labels->is_array()) fields.fail("labels", "must be a list of texts");
  for (const nlohmann::json& label : *labels) {
    if (!label.is_string()) fields.fail("labels", "must hold texts, not " + describe(label));
    auto name = label.get<std::string>();
    if (std::ranges::find(categories, name) == categories.end()) {
      fields.fail("labels", "has " + in_quotes(name) + ", which is no category of the policy");
    }
    picture.labels.push_back(std::move(name));
  }
  return picture;
}

OrderedJson point_json(const PrecisionRecall& point) {
  return {{"threshold", rounded(point.threshold)},
          {"precision", rounded(point.precision)},
          {"recall", rounded(point.recall)}};
}

// Of the points that are precise enough, the one that finds most.
std::optional<PrecisionRecall> precise_point(const std::vector<PrecisionRecall>& curve,
                                             double precision) {
  for (const PrecisionRecall& point : curve) {
    if (point.precision >= precision && point.recall > 0.0) return point;
  }
  return std::nullopt;
}

// Of the points that find enough, the most precise one with the highest threshold.
PrecisionRecall complete_point(const std::vector<PrecisionRecall>& curve, double recall) {
  PrecisionRecall best = curve.front();
  for (const PrecisionRecall& point : curve) {
    if (point.recall >= recall) best = point;
  }
  return best;
}

OrderedJson fit_rule(Rule& rule, const std::vector<LabelledScore>& examples,
                     const FittingOptions& options) {
  Calibration calibration;
  try {
    if (options.isotonic) {
      calibration = fit_isotonic(examples);
    } else {
      calibration = fit_platt(examples);
    }
  } catch (const Error& error) {
    throw Error(error.code(), "category " + in_quotes(rule.category) + ": " + error.what());
  }
  const auto* platt = std::get_if<PlattCalibration>(&calibration);
  if (platt != nullptr && platt->slope >= 0.0) {
    throw Error(ErrorCode::invalid_argument, "category " + in_quotes(rule.category) +
                                                 ": its scores are not higher where the thing is");
  }
  std::vector<LabelledScore> calibrated = examples;
  for (LabelledScore& example : calibrated) {
    example.score = rounded(probability(calibration, example.score));
  }
  const std::vector<PrecisionRecall> curve = precision_recall_curve(calibrated);
  PrecisionRecall review = complete_point(curve, options.review_recall);
  const auto block = precise_point(curve, options.block_precision);
  if (block && block->threshold < review.threshold) review = *block;  // what is blocked is more
  rule.calibration = std::move(calibration);
  rule.block = block ? std::optional(block->threshold) : std::nullopt;
  rule.review = review.threshold;

  OrderedJson report = {{"category", rule.category}};
  if (const auto* texts = std::get_if<TextsRule>(&rule.by)) {
    report["texts"] = texts->texts;
  } else {
    report["question"] = std::get<QuestionRule>(rule.by).question;
  }
  report["pictures"] = examples.size();
  report["positives"] = std::ranges::count(examples, true, &LabelledScore::is_positive);
  report["average_precision"] = rounded(average_precision(precision_recall_curve(examples)));
  report["review"] = point_json(review);
  report["block"] = block ? point_json(*block) : OrderedJson(nullptr);
  report["curve"] = OrderedJson::array();
  for (const PrecisionRecall& point : curve) report["curve"].push_back(point_json(point));
  return report;
}

struct Counts {
  std::size_t hits = 0;
  std::size_t alarms = 0;
};

OrderedJson counts_json(const Counts& counts, std::size_t positives) {
  const auto share = [](std::size_t part, std::size_t all) -> OrderedJson {
    if (all == 0) return nullptr;
    return rounded(static_cast<double>(part) / static_cast<double>(all));
  };
  return {{"pictures", counts.hits + counts.alarms},
          {"precision", share(counts.hits, counts.hits + counts.alarms)},
          {"recall", share(counts.hits, positives)}};
}

}  // namespace

std::vector<LabelledPicture> read_labelled(std::string_view text, const std::string& name,
                                           const Policy& policy) {
  const std::vector<std::string> categories = policy.categories();
  std::vector<LabelledPicture> pictures;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    pictures.push_back(
        labelled_picture(line, name + ": line " + std::to_string(number), categories));
  }
  if (pictures.empty()) throw Error(ErrorCode::malformed, name + ": has no labelled picture");
  return pictures;
}

FittedPolicy fit_policy(const Policy& policy, const std::vector<LabelledPicture>& pictures,
                        const std::vector<Decision>& decisions, const FittingOptions& options) {
  FittedPolicy fitted{.policy = policy, .report = {}};
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    Rule& rule = fitted.policy.rules[i];
    if (std::holds_alternative<WordsRule>(rule.by)) continue;
    std::vector<LabelledScore> examples;
    for (std::size_t picture = 0; picture < pictures.size(); ++picture) {
      examples.push_back({.score = decisions[picture].evidence[i].score,
                          .is_positive = belongs(pictures[picture], rule.category)});
    }
    fitted.report.push_back(fit_rule(rule, examples, options));
  }
  return fitted;
}

OrderedJson decision_report(const Policy& policy, const std::vector<LabelledPicture>& pictures,
                            const std::vector<Decision>& decisions) {
  auto report = OrderedJson::array();
  for (const std::string& category : policy.categories()) {
    std::size_t positives = 0;
    Counts blocked;
    Counts flagged;
    for (std::size_t picture = 0; picture < pictures.size(); ++picture) {
      const bool is_positive = belongs(pictures[picture], category);
      positives += is_positive ? 1 : 0;
      Action action = Action::allow;
      for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        if (policy.rules[i].category != category) continue;
        Evidence evidence = decisions[picture].evidence[i];
        decide(policy.rules[i], evidence);
        action = std::max(action, evidence.action);
      }
      if (action == Action::block) ++(is_positive ? blocked.hits : blocked.alarms);
      if (action != Action::allow) ++(is_positive ? flagged.hits : flagged.alarms);
    }
    report.push_back({{"category", category},
                      {"pictures", pictures.size()},
                      {"positives", positives},
                      {"blocked", counts_json(blocked, positives)},
                      {"blocked_or_reviewed", counts_json(flagged, positives)}});
  }
  return report;
}

}  // namespace blip::app
