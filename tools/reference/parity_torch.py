#!/usr/bin/env python3
"""Compares the reading of PyTorch's own files with torch.load, and `blip convert` with transformers.

* files of torch.save, in both containers and every protocol: the tensors that torch.load gives, byte
  for byte; hostile ones are refused, and mutated ones never read as something else than torch reads.
* original checkpoints (random models under the names of the original implementation), made safetensors
  by `blip convert`: transformers loads them with no key missing and equal weights.
* a .pth alone, its configuration inferred: the caption that transformers gives of the converted model.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import torch
import transformers
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

import original_checkpoints
import torch_files
from checkpoint_probe import TEXT, VISION, Probe, listed

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
warnings.filterwarnings("ignore", message="Using the model-agnostic default")


def check_good_torch_files(probe, directory):
    problems, count, tensors = [], 0, 0
    path = directory / "case.pth"
    for label, contents in torch_files.good_files():
        path.write_bytes(contents)
        theirs, reason = torch_files.torch_reads(contents)
        ours, error = probe.ask("tensors", path)
        if theirs is None or ours is None or listed(ours) != theirs:
            problems.append(f"{label}: torch {theirs or reason}, ours {ours or error}")
        count, tensors = count + 1, tensors + len(ours or [])
    print(f"torch.save {torch.__version__}: {count} files with {tensors} tensors, all equal"
          if not problems else f"torch.save: {len(problems)} of {count} files differ")
    return problems


def check_hostile_torch_files(probe, directory):
    problems, count = [], 0
    path = directory / "case.pth"
    for label, contents, part in torch_files.hostile_files():
        path.write_bytes(contents)
        ours, error = probe.ask("tensors", path)
        if ours is not None or part not in error or "\n" in error or not error.startswith(str(path)):
            problems.append(f"{label}: {ours or error}, expected {part!r}")
        count += 1
    print(f"hostile files: {count - len(problems)} of {count} refused with the cause")
    return problems


def check_mutated_torch_files(probe, directory, count):
    table, problems = {}, []
    path, torch_reads = directory / "case.pth", torch_files.TorchReader()
    for kind, contents in torch_files.mutated_files(count):
        path.write_bytes(contents)
        theirs, reason = torch_reads(contents)
        ours, error = probe.ask("tensors", path)
        row = table.setdefault(kind, dict.fromkeys(["both accept", "both refuse", "stricter", "laxer", "wrong"], 0))
        if ours is None:
            row["both refuse" if theirs is None else "stricter"] += 1
        elif theirs is None and any(part in reason for part in torch_files.LAXER.values()):
            row["laxer"] += 1
        elif theirs is not None and sorted(listed(ours).values(), key=str) == sorted(theirs.values(), key=str):
            row["both accept"] += 1
        else:
            row["wrong"] += 1
            problems.append(f"{kind}: torch {theirs or reason}, ours {ours or error}: {contents[:600]}")
    print(f"mutated files of torch.save: {count}")
    print(f"  {'kind':10}{'both accept':>14}{'both refuse':>14}{'stricter':>12}{'laxer':>12}{'disagree':>12}")
    for kind, row in table.items():
        print(f"  {kind:10}" + "".join(f"{value:>{width}}" for value, width in zip(row.values(), (14, 14, 12, 12, 12))))
    return problems


def check_conversion(build, directory):
    """blip convert, read by transformers."""
    problems, count = [], 0
    print("blip convert, loaded by transformers: keys missing, unexpected; weights that differ")
    for name, model_class in original_checkpoints.CLASSES.items():
        model = original_checkpoints.random_model(name)
        sources = {"zip": directory / "a.pth", "legacy": directory / "b.pth", "sharded .bin": directory / f"{name}.bin"}
        torch.save(original_checkpoints.original_checkpoint(model), sources["zip"])
        torch.save(original_checkpoints.original_checkpoint(model), sources["legacy"], _use_new_zipfile_serialization=False)
        original_checkpoints.save_sharded_bin(model, sources["sharded .bin"])
        for source, path in sources.items():
            for option, dtype in {"stored": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}.items():
                target = directory / f"{name}.{source}.{option}"
                run = subprocess.run([build / "bin/blip", "convert", path, target, "--dtype", option], capture_output=True, text=True)
                if run.returncode != 0:
                    problems.append(f"{name} from {source}: {run.stderr}")
                    continue
                loaded, info = model_class.from_pretrained(target, output_loading_info=True, dtype=dtype)
                wanted = {key: tensor.to(dtype) for key, tensor in model.state_dict().items()}
                differ = [key for key, tensor in loaded.state_dict().items() if not torch.equal(tensor, wanted.get(key))]
                same_config = all(
                    getattr(getattr(loaded.config, part), key) == getattr(getattr(model.config, part), key)
                    for part, keys in (("vision_config", VISION), ("text_config", TEXT)) for key in keys
                    if key not in ("eos_token_id", "sep_token_id"))
                processor = BlipProcessor.from_pretrained(target)
                size = processor.image_processor.size["height"]
                if info["missing_keys"] or info["unexpected_keys"] or info["mismatched_keys"] or differ or not same_config or size != 48:
                    problems.append(f"{name} from {source} as {option}: {info}, differ {differ}, config equal {same_config}, size {size}")
                count += 1
        print(f"  {name:30}{len(info['missing_keys'])}, {len(info['unexpected_keys'])}; {len(differ)} of {len(wanted)}")
    print(f"  {count} conversions, {len(problems)} wrong")
    return problems


def check_bare_checkpoint(build, directory):
    """A .pth alone, with the configuration inferred and BERT's vocabulary, captions as its converted model does in
    transformers."""
    model = original_checkpoints.random_model("BlipForConditionalGeneration", seed=1, vocab_size=30524)
    source, target, picture = directory / "bare.pth", directory / "bare", directory / "picture.png"
    torch.save(original_checkpoints.original_checkpoint(model), source)
    Image.fromarray(numpy.random.default_rng(5).integers(0, 256, (40, 60, 3), numpy.uint8)).save(picture)
    subprocess.run([build / "bin/blip", "convert", source, target], capture_output=True, check=True)
    loaded, processor = BlipForConditionalGeneration.from_pretrained(target), BlipProcessor.from_pretrained(target)
    pixels = BlipImageProcessorPil.from_pretrained(target)(Image.open(picture), return_tensors="pt").pixel_values
    theirs = processor.decode(loaded.generate(pixel_values=pixels)[0], skip_special_tokens=True).strip()
    ours = [subprocess.run([build / "bin/blip", "caption", picture, "--model", path], capture_output=True, text=True).stdout.strip()
            for path in (source, target)]
    print(f"a bare .pth, its converted copy and transformers caption alike: {ours == [theirs, theirs]} ({theirs[:50]!r}…)")
    return [] if theirs and ours == [theirs, theirs] else [f"captions differ: {ours}, transformers {theirs!r}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    probe = Probe(arguments.build)
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        problems = check_good_torch_files(probe, directory)
        problems += check_hostile_torch_files(probe, directory)
        problems += check_mutated_torch_files(probe, directory, 1500 if arguments.quick else 12000)
        problems += check_conversion(arguments.build, directory)
        problems += check_bare_checkpoint(arguments.build, directory)
    for problem in problems[:20]:
        print("WRONG", problem[:700])
    print(f"torch: {'every check holds' if not problems else f'{len(problems)} checks fail'}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
