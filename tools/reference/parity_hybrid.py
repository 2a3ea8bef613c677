#!/usr/bin/env python3
"""Parity of hybrid BLIP models, whose patch embedding is an EfficientNet-Lite, with the same network in PyTorch: image features,
logits and generated token ids.

The network is tools/reference/efficientnet_lite.py before transformers' own layers. Random-weight models of tiny sizes, and without
--quick Lite0 at 224 and Lite2 at 260 px.
"""

import argparse
import pathlib
import sys
import tempfile

import torch

import hybrid_models
import parity_model
import random_models
from decoding import BEAMS, GREEDY


class Oracle(parity_model.Oracle):
    @staticmethod
    def open_model(directory):
        return hybrid_models.load(directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    probe = arguments.build / "tools" / "reference" / "probe_model"
    photos = sorted((root / "examples" / "photos").glob("*.jpg"))[:3]
    print(f"{'model':<22} {'type':<5} {'pixels':<7} {'features':>9} {'logits':>9} "
          f"{'same ids':>11} {'ties':>4} {'in batch':>8} {'scores':>9}")
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        for name in ["tiny", "narrow"] + ([] if arguments.quick else ["lite0", "lite2"]):
            tiny = name in ("tiny", "narrow")
            torch.set_num_threads(1 if tiny else 2)
            directory = work / name
            backbone = hybrid_models.SIZES[name]["backbone"]
            model = hybrid_models.captioning(name, seed=1)
            hybrid_models.save(model, directory, backbone)
            oracle = Oracle(directory, photos)
            with torch.no_grad():
                random_models.favour_stop(oracle.model, pixel_values=oracle.pixel_values)
            hybrid_models.save(oracle.model, directory, backbone)
            prompts = [None, "ba co"]
            texts = parity_model.random_texts(oracle.model.config, 3, 24, torch.Generator().manual_seed(7))
            cases = parity_model.all_cases(len(photos), prompts, GREEDY + BEAMS)
            ok &= parity_model.compare(name, oracle, probe, work / "out", cases, texts)[0]
            # Another resolution: interpolated position embeddings, other convolutions.
            size = {"tiny": 72, "narrow": 130, "lite0": 250, "lite2": 224}[name]
            resized = Oracle(directory, photos[:2], image_size=size)
            ok &= parity_model.compare(f"{name} at {size} px", resized, probe, work / "out",
                                       parity_model.all_cases(2, prompts, GREEDY[:3] + BEAMS[:2]), texts[:2],
                                       image_size=size, batched=False)[0]
            # 16-bit files: the same network made of the same rounded values.
            half = work / f"{name}-f16"
            hybrid_models.save(oracle.model.half(), half, backbone)
            ok &= parity_model.compare(f"{name} in f16", Oracle(half, photos[:2]), probe, work / "out",
                                       parity_model.all_cases(2, prompts, GREEDY[:4] + BEAMS[:4]), texts[:2],
                                       weight_type="stored", batched=False)[0]
    print("parity_hybrid:", "ok" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
