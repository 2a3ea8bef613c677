// Scores into probabilities, by examples that people have labelled.
#pragma once

#include <cstddef>
#include <span>
#include <variant>
#include <vector>

namespace blip::app {

/// A score and whether the thing is there.
struct LabelledScore {
  double score = 0.0;
  bool is_positive = false;
};

/// Platt's sigmoid: 1 / (1 + exp(slope * score + intercept)). The slope is negative where higher
/// scores are likelier.
struct PlattCalibration {
  double slope = 0.0;
  double intercept = 0.0;
};

/// A rising line through points, level outside of them.
struct IsotonicCalibration {
  std::vector<double> scores;  ///< rising
  std::vector<double> probabilities;
};

using Calibration = std::variant<PlattCalibration, IsotonicCalibration>;

// Both throw invalid_argument without an example of each kind.

/// scikit-learn's _SigmoidCalibration: the likeliest sigmoid for Platt's smoothed labels.
PlattCalibration fit_platt(std::span<const LabelledScore> examples);
/// scikit-learn's IsotonicRegression(out_of_bounds="clip"): the rising line of least squares.
IsotonicCalibration fit_isotonic(std::span<const LabelledScore> examples);

double probability(const Calibration& calibration, double score);

/// Of predicting "it is there" for all scores from a threshold on.
struct PrecisionRecall {
  double threshold = 0.0;
  double precision = 0.0;
  double recall = 0.0;
};

/// For every score that occurs, rising: scikit-learn's precision_recall_curve, without the point
/// (1, 0) at its end.
std::vector<PrecisionRecall> precision_recall_curve(std::span<const LabelledScore> examples);

/// scikit-learn's average_precision_score.
double average_precision(std::span<const PrecisionRecall> curve);

}  // namespace blip::app
