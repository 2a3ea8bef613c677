#!/usr/bin/env python3
"""Writes src/architectures/vit/imagenet_labels.txt: what timm calls ImageNet's 1,000 classes, one a line, in their order."""

import pathlib

import torchvision_processors

torchvision_processors.find_torchvision()

from timm.data import ImageNetInfo  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[2] / "src/architectures/vit/imagenet_labels.txt"


def main():
    names = ImageNetInfo("imagenet-1k").label_descriptions()
    assert len(names) == 1000 and not any("\n" in name for name in names)
    OUT.write_text("\n".join(names) + "\n", encoding="utf-8")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
