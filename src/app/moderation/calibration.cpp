#include "app/moderation/calibration.hpp"

#include <algorithm>
#include <cmath>

#include "blip/error.hpp"

namespace blip::app {
namespace {

std::size_t positives_in(std::span<const LabelledScore> examples) {
  return static_cast<std::size_t>(std::ranges::count(examples, true, &LabelledScore::is_positive));
}

void require_both_kinds(std::span<const LabelledScore> examples) {
  const std::size_t positives = positives_in(examples);
  if (positives == 0 || positives == examples.size()) {
    throw Error(ErrorCode::invalid_argument,
                "needs examples with and without the thing; it is in " + std::to_string(positives) +
                    " of " + std::to_string(examples.size()));
  }
}

double sigmoid(double x) {
  return x >= 0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

// log(1 + exp(x)), which does not overflow.
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// Minus the log-likelihood of the smoothed labels.
double loss(std::span<const LabelledScore> examples, double positive, double negative,
            const PlattCalibration& platt) {
  double sum = 0.0;
  for (const LabelledScore& example : examples) {
    const double x = -(platt.slope * example.score + platt.intercept);
    sum += softplus(x) - (example.is_positive ? positive : negative) * x;
  }
  return sum;
}

// Neighbouring examples of one score, or of one level.
struct Block {
  double score;
  double mean;
  double weight;
};

std::vector<Block> by_score(std::span<const LabelledScore> examples) {
  std::vector<LabelledScore> sorted(examples.begin(), examples.end());
  std::ranges::sort(sorted, {}, &LabelledScore::score);
  std::vector<Block> blocks;
  for (const LabelledScore& example : sorted) {
    const double label = example.is_positive ? 1.0 : 0.0;
    if (blocks.empty() || blocks.back().score != example.score) {
      blocks.push_back({example.score, label, 1.0});
    } else {
      Block& block = blocks.back();
      block.mean = (block.mean * block.weight + label) / (block.weight + 1.0);
      block.weight += 1.0;
    }
  }
  return blocks;
}

// The level of each block once neighbours that fall are pooled.
std::vector<double> pooled_levels(const std::vector<Block>& blocks) {
  struct Pool {
    double mean;
    double weight;
    std::size_t count;
  };
  std::vector<Pool> pools;
  for (const Block& block : blocks) {
    pools.push_back({block.mean, block.weight, 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean >= pools.back().mean) {
      const Pool last = pools.back();
      pools.pop_back();
      Pool& pool = pools.back();
      pool.mean = (pool.mean * pool.weight + last.mean * last.weight) / (pool.weight + last.weight);
      pool.weight += last.weight;
      pool.count += last.count;
    }
  }
  std::vector<double> levels;
  for (const Pool& pool : pools) levels.insert(levels.end(), pool.count, pool.mean);
  return levels;
}

double on_line(const IsotonicCalibration& line, double score) {
  if (line.scores.empty()) return 0.0;
  const auto above = std::ranges::upper_bound(line.scores, score);
  if (above == line.scores.begin()) return line.probabilities.front();
  if (above == line.scores.end()) return line.probabilities.back();
  const auto i = static_cast<std::size_t>(above - line.scores.begin());
  const double share = (score - line.scores[i - 1]) / (line.scores[i] - line.scores[i - 1]);
  return line.probabilities[i - 1] + share * (line.probabilities[i] - line.probabilities[i - 1]);
}

}  // namespace

PlattCalibration fit_platt(std::span<const LabelledScore> examples) {
  require_both_kinds(examples);
  const auto positives = static_cast<double>(positives_in(examples));
  const double negatives = static_cast<double>(examples.size()) - positives;
  const double positive = (positives + 1.0) / (positives + 2.0);
  const double negative = 1.0 / (negatives + 2.0);
  PlattCalibration platt{.slope = 0.0,
                         .intercept = std::log((negatives + 1.0) / (positives + 1.0))};
  // Newton's method with halved steps (Lin, Lin and Weng 2007); a hundred steps are far more than
  // it takes.
  double present = loss(examples, positive, negative, platt);
  for (int step = 0; step < 100; ++step) {
    double g_slope = 0.0;
    double g_intercept = 0.0;
    double h_slope = 1e-12;
    double h_intercept = 1e-12;
    double h_both = 0.0;
    for (const LabelledScore& example : examples) {
      const double p = sigmoid(-(platt.slope * example.score + platt.intercept));
      const double residual = (example.is_positive ? positive : negative) - p;
      const double weight = p * (1.0 - p);
      g_slope += residual * example.score;
      g_intercept += residual;
      h_slope += weight * example.score * example.score;
      h_intercept += weight;
      h_both += weight * example.score;
    }
    if (std::abs(g_slope) < 1e-11 && std::abs(g_intercept) < 1e-11) break;
    const double determinant = h_slope * h_intercept - h_both * h_both;
    if (!(determinant > 0.0)) break;  // all scores are one
    const double d_slope = -(h_intercept * g_slope - h_both * g_intercept) / determinant;
    const double d_intercept = -(h_slope * g_intercept - h_both * g_slope) / determinant;
    bool is_better = false;
    for (double size = 1.0; size > 1e-10 && !is_better; size /= 2.0) {
      const PlattCalibration next{.slope = platt.slope + size * d_slope,
                                  .intercept = platt.intercept + size * d_intercept};
      const double there = loss(examples, positive, negative, next);
      is_better = there < present;
      if (is_better) {
        platt = next;
        present = there;
      }
    }
    if (!is_better) break;
  }
  return platt;
}

IsotonicCalibration fit_isotonic(std::span<const LabelledScore> examples) {
  require_both_kinds(examples);
  const std::vector<Block> blocks = by_score(examples);
  const std::vector<double> levels = pooled_levels(blocks);
  IsotonicCalibration line;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    // Between two of its like, a point says nothing.
    const bool is_inner =
        i > 0 && i + 1 < blocks.size() && levels[i - 1] == levels[i] && levels[i] == levels[i + 1];
    if (is_inner) continue;
    line.scores.push_back(blocks[i].score);
    line.probabilities.push_back(levels[i]);
  }
  return line;
}

double probability(const Calibration& calibration, double score) {
  if (const auto* platt = std::get_if<PlattCalibration>(&calibration)) {
    return sigmoid(-(platt->slope * score + platt->intercept));
  }
  return on_line(std::get<IsotonicCalibration>(calibration), score);
}

std::vector<PrecisionRecall> precision_recall_curve(std::span<const LabelledScore> examples) {
  std::vector<LabelledScore> sorted(examples.begin(), examples.end());
  std::ranges::sort(sorted, std::ranges::greater(), &LabelledScore::score);
  const auto positives = static_cast<double>(positives_in(examples));
  std::vector<PrecisionRecall> curve;
  double found = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    found += sorted[i].is_positive ? 1.0 : 0.0;
    if (i + 1 < sorted.size() && sorted[i + 1].score == sorted[i].score) continue;
    curve.push_back({.threshold = sorted[i].score,
                     .precision = found / static_cast<double>(i + 1),
                     .recall = positives > 0 ? found / positives : 1.0});
  }
  std::ranges::reverse(curve);
  return curve;
}

double average_precision(std::span<const PrecisionRecall> curve) {
  double sum = 0.0;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const double next = i + 1 < curve.size() ? curve[i + 1].recall : 0.0;
    sum += (curve[i].recall - next) * curve[i].precision;
  }
  return sum;
}

}  // namespace blip::app
