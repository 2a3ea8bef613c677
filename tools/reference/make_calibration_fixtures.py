#!/usr/bin/env python3
"""Writes tests/app/data/calibration.json: what scikit-learn makes of labelled scores.

  python tools/reference/make_calibration_fixtures.py tests/app/data/calibration.json

Needs scikit-learn (tested with 1.7). Platt's sigmoid is that of CalibratedClassifierCV, whose
parameters no public class shows, hence the private import.
"""
import json
import sys

import numpy
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, precision_recall_curve


def case(name, scores, labels):
    platt = _SigmoidCalibration().fit(scores, labels)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    asked = numpy.linspace(scores.min() - 0.1, scores.max() + 0.1, 41)
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    return {
        "name": name,
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "asked": asked.tolist(),
        "platt": {"slope": float(platt.a_), "intercept": float(platt.b_),
                  "probabilities": platt.predict(asked).tolist()},
        "isotonic": isotonic.predict(asked).tolist(),
        "precision": precision[:-1].tolist(),
        "recall": recall[:-1].tolist(),
        "thresholds": thresholds.tolist(),
        "average_precision": float(average_precision_score(labels, scores)),
    }


def main():
    randoms = numpy.random.default_rng(20)
    cases = []
    for name, count, digits in (("many", 120, 4), ("ties", 60, 1), ("few", 6, 4)):
        labels = (randoms.random(count) < 0.3).astype(int)
        labels[:2] = (0, 1)
        scores = numpy.round(randoms.normal(0.05 + 0.1 * labels, 0.1), digits)
        cases.append(case(name, scores, labels))
    # Told apart without a mistake: the sigmoid is finite only because Platt smooths the labels.
    cases.append(case("apart", numpy.array([-0.2, -0.1, 0.0, 0.3, 0.4]), numpy.array([0, 0, 0, 1, 1])))
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(cases, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
