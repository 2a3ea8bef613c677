#!/usr/bin/env python3
"""Makes codes of a shard's pictures with a VQGAN of `blip train vqgan`, and pictures of the codes again:

    rebuild_pictures.py SHARD.tar VQGAN_DIRECTORY OUTPUT.tar

What `tools/judge_drawings.py --pictures OUTPUT.tar` says of them is the best that a model can do that draws with these codes.
Everything but the pictures stays as it is. Needs PyTorch, safetensors and Pillow."""

import io
import json
import pathlib
import sys
import tarfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from draw_training_models import Vqgan


def load(folder):
    vqgan = Vqgan(json.loads((folder / "config.json").read_text()))
    stored = {name.removeprefix("vqgan."): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    vqgan.load_state_dict({name: stored[name].reshape(own.shape) for name, own in vqgan.state_dict().items()})
    return vqgan.eval()


def rebuilt(vqgan, png):
    pixels = torch.tensor(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        made = vqgan.decode(vqgan.embedding(vqgan.nearest(vqgan.encode(pixels))))[0]
    out = io.BytesIO()
    Image.fromarray((made.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()).save(out, "PNG")
    return out.getvalue()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    vqgan = load(pathlib.Path(sys.argv[2]))
    with tarfile.open(sys.argv[1]) as source, tarfile.open(sys.argv[3], "w", format=tarfile.USTAR_FORMAT) as target:
        for member in source:
            content = source.extractfile(member).read()
            if member.name.endswith(".png"):
                content = rebuilt(vqgan, content)
            copy = tarfile.TarInfo(member.name)
            copy.size = len(content)
            target.addfile(copy, io.BytesIO(content))


if __name__ == "__main__":
    main()
