#!/usr/bin/env python3
"""BLEU and CIDEr of caption_metrics.py beside coco-caption's own (pycocoevalcap), on captions that both
cut into the same words."""

import argparse
import json
import pathlib
import sys

import numpy

import caption_metrics

GOLDEN = pathlib.Path(__file__).parent / "data" / "caption_metrics_golden.json"
LIMIT = 1e-12


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="as every parity script has; nothing of it is used")
    parser.add_argument("--quick", action="store_true", help="the same")
    parser.parse_args()
    ok = True
    print(f"{'captions':<16} {'BLEU-4':>7} {'CIDEr':>7} {'difference':>11}")
    for name, case in json.loads(GOLDEN.read_text()).items():
        counts = caption_metrics.bleu_counts(case["hyps"], case["refs"])
        corpus, ciders = (caption_metrics.bleu(counts.sum(axis=0)),
                          caption_metrics.cider(case["hyps"], case["refs"]))
        pairs = ((corpus, case["bleu"]), (caption_metrics.bleu(counts), case["bleu_per_image"]),
                 (ciders, case["cider_per_image"]), (ciders.mean(), case["cider"]))
        difference = max(float(numpy.abs(got - wanted).max()) for got, wanted in pairs)
        print(f"{name:<16} {corpus[3]:>7.4f} {ciders.mean():>7.4f} {difference:>11.1e}  "
              f"{'ok' if difference <= LIMIT else 'FAILED'}")
        ok = ok and difference <= LIMIT
    print("parity_metrics:", "ok" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
