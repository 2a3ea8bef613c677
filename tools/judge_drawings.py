#!/usr/bin/env python3
"""Draws easy-VQA's shapes from words and asks a BLIP what is in the pictures.

    tools/judge_drawings.py BLIP_PROGRAM MODEL OUTPUT_DIRECTORY [--judge nano-vqa] [--count 200] [--draw "--top-k 64 …"]
    tools/judge_drawings.py BLIP_PROGRAM --pictures TEST.tar OUTPUT_DIRECTORY

The first form draws COUNT prompts, "a blue triangle" and so on, each of the 24 pairs of a colour and a shape about equally often with
another seed, and asks the judge "what color is the shape?" and "what shape is in the image?", to be chosen from the 8 colours and the 3
shapes. It prints the shares of pictures with the right colour, shape, and both, by colour and by shape, and writes judged.jsonl
and sheet.png, a contact sheet in the order of the prompts, wrong ones with a red frame. The second form asks the same of easy-VQA's own
pictures (a shard of tools/convert_easy_vqa.py), which tells how far the judge can be trusted. Needs Pillow."""

import argparse
import collections
import json
import pathlib
import shlex
import subprocess
import sys
import tarfile

from PIL import Image, ImageOps

COLORS = ["black", "blue", "brown", "gray", "green", "red", "teal", "yellow"]
SHAPES = ["circle", "rectangle", "triangle"]
QUESTIONS = {"color": ("what color is the shape?", COLORS), "shape": ("what shape is in the image?", SHAPES)}
COLUMNS, FRAME = 24, 2


def prompts(count):
    """→ [(color, shape, seed)], by turns"""
    pairs = [(color, shape) for color in COLORS for shape in SHAPES]
    return [(*pairs[i % len(pairs)], i // len(pairs)) for i in range(count)]


def draw(arguments, wanted, folder):
    """One run of the program for each seed, a prompt a line. → the pictures' files"""
    files = {}
    for seed in sorted({seed for _, _, seed in wanted}):
        asked = [(color, shape) for color, shape, number in wanted if number == seed]
        target = folder / f"seed-{seed}"
        command = [arguments.program, "draw", "-m", arguments.model, "--list", "-", "--seed", str(seed), "-q", "-o", str(target),
                   *shlex.split(arguments.draw)]
        text = "".join(f"a {color} {shape}\n" for color, shape in asked)
        subprocess.run(command, input=text, text=True, check=True)
        pictures = sorted(target.glob("*.png"))
        if len(pictures) != len(asked):
            sys.exit(f"{target}: {len(pictures)} pictures of {len(asked)} prompts")
        files.update({(*pair, seed): picture for pair, picture in zip(asked, pictures)})
    return [files[prompt] for prompt in wanted]


def unpack(shard, count, folder):
    """→ the prompts that pictures of easy-VQA's answer, and their files"""
    wanted, files = [], []
    with tarfile.open(shard) as tar:
        for member in tar:
            if not member.name.endswith(".json") or len(files) == count:
                continue
            captions = json.load(tar.extractfile(member)).get("captions")
            if captions:
                file = folder / member.name.replace(".json", ".png")
                file.write_bytes(tar.extractfile(member.name.replace(".json", ".png")).read())
                wanted.append((*captions[0].split()[1:], 0))
                files.append(file)
    return wanted, files


def answers(arguments, files, folder):
    """→ for each file {"color", "shape"}"""
    found = [{} for _ in files]
    names = folder / "pictures.txt"
    names.write_text("".join(f"{file}\n" for file in files))
    for what, (question, choices) in QUESTIONS.items():
        (folder / "choices.txt").write_text("\n".join(choices) + "\n")
        command = [arguments.program, "ask", "-m", arguments.judge, "--question", question, "--from-file", str(names), "--answers",
                   str(folder / "choices.txt"), "--format", "jsonl", "-q"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        if len(lines) != len(files):
            sys.exit(f"{len(lines)} answers about {len(files)} pictures")
        for record, line in zip(found, lines):
            record[what] = json.loads(line)["answer"]
    return found


def sheet(files, right, path):
    size = Image.open(files[0]).width + 2 * FRAME
    page = Image.new("RGB", (COLUMNS * size, -(-len(files) // COLUMNS) * size), "white")
    for i, file in enumerate(files):
        framed = ImageOps.expand(Image.open(file).convert("RGB"), FRAME, "white" if right[i] else "red")
        page.paste(framed, (i % COLUMNS * size, i // COLUMNS * size))
    page.save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model", nargs="?")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--pictures")
    parser.add_argument("--judge", default="nano-vqa")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--draw", default="")
    arguments = parser.parse_args()
    if (arguments.model is None) == (arguments.pictures is None):
        parser.error("either a MODEL that draws or --pictures")
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.pictures:
        wanted, files = unpack(arguments.pictures, arguments.count, arguments.output)
    else:
        wanted = prompts(arguments.count)
        files = draw(arguments, wanted, arguments.output)
    right, groups = [], collections.defaultdict(list)
    with open(arguments.output / "judged.jsonl", "w") as log:
        for (color, shape, seed), file, said in zip(wanted, files, answers(arguments, files, arguments.output)):
            is_color, is_shape = said["color"] == color, said["shape"] == shape
            right.append(is_color and is_shape)
            for group, value in (("color", is_color), ("shape", is_shape), ("both", right[-1]), (color, is_color), (shape, is_shape)):
                groups[group].append(value)
            log.write(json.dumps({"prompt": f"a {color} {shape}", "seed": seed, "file": str(file), **said, "right": right[-1]}) + "\n")
    for group in ("color", "shape", "both", *COLORS, *SHAPES):
        if groups[group]:
            print(f"{group:10} {100 * sum(groups[group]) / len(groups[group]):5.1f} % of {len(groups[group])}")
    sheet(files, right, arguments.output / "sheet.png")


if __name__ == "__main__":
    main()
