#!/usr/bin/env python3
"""Whether `blip search` finds photos by their captions as often as `blip eval retrieval` says.

    tools/library_recall.py build/release/bin/blip dev-000000.tar [--model nano-retrieval]
                            [--caption-model nano-captioning] [--photos 1000] [-k 64]
                            [--word-weights 0 0.1 0.5 1] [--no-rerank]

The tar has NAME.jpg and NAME.json with {"captions": [...]}, as a WebDataset shard of Flickr8k has.
Indexes its photos, asks for each by each of its captions (`blip eval search`, which asks as `blip
search` does), and prints recall at 1, 5 and 10: by vectors alone, which is to equal image retrieval
of `blip eval retrieval --no-rerank`; with the words of captions that a model wrote; re-ranked; both.
"""
import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{words[1]} {words[2]}: {done.stderr}")
    return done.stdout


def unpack(tar, folder, most):
    """→ the shard with the first photos alone, and their captions"""
    names, captions = [], {}
    small = folder / "part.tar"
    with tarfile.open(tar) as source, tarfile.open(small, "w") as target:
        for member in source:
            stem = member.name.rsplit(".", 1)[0]
            if stem not in names:
                if len(names) == most:
                    break
                names.append(stem)
            content = source.extractfile(member).read()
            if member.name.endswith(".json"):
                captions[stem] = json.loads(content)["captions"]
            else:
                (folder / "photos" / member.name).write_bytes(content)
            target.addfile(member, io.BytesIO(content))
    return small, captions


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("tar", type=Path)
    parser.add_argument("--model", default="nano-retrieval")
    parser.add_argument("--caption-model", default="nano-captioning")
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("-k", type=int, default=64, help="photos that are re-ranked")
    parser.add_argument("--word-weights", nargs="*", default=[], metavar="W",
                        help="what the words of captions may count, printed for each")
    parser.add_argument("--no-rerank", action="store_true", help="leave out what takes longest")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        tar, captions = unpack(arguments.tar, folder, arguments.photos)
        queries = folder / "queries.jsonl"
        queries.write_text("".join(json.dumps({"query": text, "path": stem + ".jpg"}) + "\n"
                                   for stem, texts in captions.items() for text in texts))
        index = folder / "library.db"

        def search(title, *words):
            out = run(arguments.program, "eval", "search", queries, "--index", index, "--format",
                      "json", "-q", *words)
            scores = json.loads(out)
            print(f"{title:32}" + "".join(f"{scores[f'recall@{k}']:8.2f}" for k in (1, 5, 10)),
                  flush=True)
            return [scores[f"recall@{k}"] for k in (1, 5, 10)]

        run(arguments.program, "index", folder / "photos", "--index", index, "-m", arguments.model,
            "-q")
        print(f"{len(captions)} photos, {sum(map(len, captions.values()))} captions\n"
              f"{'recall at':32}{1:8}{5:8}{10:8}")
        out = run(arguments.program, "eval", "retrieval", "-m", arguments.model, "--data", tar,
                  "--style", "hf", "--no-rerank", "--format", "json", "-q")
        judged = json.loads(out)
        expected = [judged["image_retrieval"][name] for name in ("r1", "r5", "r10")]
        print(f"{'blip eval retrieval':32}" + "".join(f"{value:8.2f}" for value in expected))
        found = search("blip search --no-rerank", "--no-rerank")
        run(arguments.program, "index", folder / "photos", "--index", index, "-m", arguments.model,
            "--caption-model", arguments.caption_model, "-q")
        search("  with captions", "--no-rerank")
        for weight in arguments.word_weights:
            search(f"  with captions, counting {weight}", "--no-rerank", "--word-weight", weight)
        if not arguments.no_rerank:
            search("  re-ranked", "--no-captions", "-k", arguments.k)
            search("  with captions, re-ranked", "-k", arguments.k)
        if any(abs(a - b) > 0.005 for a, b in zip(found, expected)):
            sys.exit("blip search and blip eval retrieval differ")
        print("blip search and blip eval retrieval are equal")


if __name__ == "__main__":
    main()
