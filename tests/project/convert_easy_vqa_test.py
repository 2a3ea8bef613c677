"""What tools/convert_easy_vqa.py writes of a picture: convert_easy_vqa_test.py CONVERTER"""

import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

# Questions of one picture each, and the caption they tell.
CASES = [
    ([["what color is the circle?", "teal"]], ["a teal circle"]),
    ([["what is the red shape?", "triangle"]], ["a red triangle"]),
    ([["is there not a gray shape?", "no"], ["is a rectangle present?", "yes"]], ["a gray rectangle"]),
    # Two shapes denied leave the third.
    ([["is there a circle?", "no"], ["does the image not contain a triangle?", "yes"],
      ["is there a blue shape?", "yes"]], ["a blue rectangle"]),
    ([["is no circle present?", "yes"], ["is no triangle present?", "yes"], ["is no red shape present?", "no"]],
     ["a red rectangle"]),
    ([["is no yellow shape present?", "yes"], ["what shape is present?", "circle"]], None),
    ([["what color is the shape?", "black"], ["is there a circle?", "no"]], None),
]


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def main():
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work, "easy-vqa.tar")
        questions = [[*pair, number] for number, (pairs, _) in enumerate(CASES) for pair in pairs]
        with tarfile.open(source, "w") as archive:
            for split in ("train", "test"):
                add(archive, f"./{split}/questions.json", json.dumps(questions).encode())
                for number in range(len(CASES)):
                    add(archive, f"./{split}/images/{number}.png", b"picture %d" % number)
        subprocess.run([sys.executable, sys.argv[1], source, work + "/out"], check=True)
        for split in ("train", "test"):
            with tarfile.open(f"{work}/out/{split}-000000.tar") as shard:
                for number, (pairs, captions) in enumerate(CASES):
                    about = json.load(shard.extractfile(f"{number:06d}.json"))
                    assert about["qa"] == [{"question": q, "answer": a} for q, a in pairs], about
                    assert about.get("captions") == captions, (about, captions)
                    assert shard.extractfile(f"{number:06d}.png").read() == b"picture %d" % number


if __name__ == "__main__":
    main()
