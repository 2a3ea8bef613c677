#!/usr/bin/env python3
"""Draws easy-VQA's shapes from words and has a BLIP say what is in the pictures.

    tools/judge_drawings.py BLIP_PROGRAM MODEL OUTPUT_DIRECTORY --judge JUDGE [--first 0] [--count 200] [--draw "--top-k 64 …"]
    tools/judge_drawings.py BLIP_PROGRAM --pictures TEST.tar OUTPUT_DIRECTORY --judge JUDGE

The first form draws COUNT prompts from the FIRST on, "a blue triangle" and so on, each of the 24 pairs of a colour and a shape about equally often with
another seed. JUDGE is a BLIP that was trained on easy-VQA (recipes/easy-vqa): a captioner, whose words count, or with --ask a model for
questions, which chooses from the 8 colours for "what color is the shape?" and from the 3 shapes for "what shape is in the image?". It
prints the shares of pictures with the right colour, shape, and both, by colour and by shape, and writes judged.jsonl and sheet.png, a
contact sheet in the order of the prompts, wrong ones with a red frame. The second form judges easy-VQA's own pictures (a shard of
tools/convert_easy_vqa.py), which tells how far the judge can be trusted. Needs Pillow."""

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


def prompts(first, count):
    """→ [(color, shape, seed)], by turns"""
    pairs = [(color, shape) for color in COLORS for shape in SHAPES]
    return [(*pairs[i % len(pairs)], i // len(pairs)) for i in range(first, first + count)]


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


def lines_of(arguments, command, names, count):
    """What the judge says of the pictures in the file `names`, in their order"""
    command = [arguments.program, *command, "-m", arguments.judge, "--from-file", str(names), "--format", "jsonl", "-q"]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    if len(lines) != count:
        sys.exit(f"{len(lines)} answers about {count} pictures")
    return [json.loads(line) for line in lines]


def said_of(arguments, files, folder):
    """→ for each file {"color", "shape"}, None where nothing of the kind is said"""
    names = folder / "pictures.txt"
    names.write_text("".join(f"{file}\n" for file in files))
    if not arguments.ask:
        captions = [record["caption"].split() for record in lines_of(arguments, ["caption"], names, len(files))]
        return [{what: next((word for word in words if word in choices), None) for what, (_, choices) in QUESTIONS.items()}
                for words in captions]
    found = [{} for _ in files]
    for what, (question, choices) in QUESTIONS.items():
        (folder / "choices.txt").write_text("\n".join(choices) + "\n")
        command = ["ask", "--question", question, "--answers", str(folder / "choices.txt")]
        for record, line in zip(found, lines_of(arguments, command, names, len(files))):
            record[what] = line["answer"]
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
    parser.add_argument("--judge", required=True)
    parser.add_argument("--ask", action="store_true")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--draw", default="")
    arguments = parser.parse_args()
    if (arguments.model is None) == (arguments.pictures is None):
        parser.error("either a MODEL that draws or --pictures")
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.pictures:
        wanted, files = unpack(arguments.pictures, arguments.count, arguments.output)
    else:
        wanted = prompts(arguments.first, arguments.count)
        files = draw(arguments, wanted, arguments.output)
    right, groups = [], collections.defaultdict(list)
    with open(arguments.output / "judged.jsonl", "w") as log:
        for (color, shape, seed), file, said in zip(wanted, files, said_of(arguments, files, arguments.output)):
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
