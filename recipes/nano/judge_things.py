"""Says in how many photos the caption names the main thing.

usage: judge_things.py --things things.json --captions CAPTIONS.jsonl [--missed]

things.json is make_judging_files.py's, CAPTIONS the output of `blip caption --format jsonl photos`.
"""
import argparse
import json
import pathlib

from judge_words import names


def captions_of(path):
    text = path.read_text().strip()
    rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    return {pathlib.Path(row.get("path") or row.get("image")).name: row["caption"] for row in rows if row.get("caption") is not None}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--things", required=True, type=pathlib.Path)
    parser.add_argument("--captions", required=True, type=pathlib.Path)
    parser.add_argument("--missed", action="store_true", help="print the captions that do not name it")
    options = parser.parse_args()
    captions = captions_of(options.captions)
    things = json.loads(options.things.read_text())
    missing = [thing["image"] for thing in things if thing["image"] not in captions]
    if missing:
        raise SystemExit(f"no caption of {missing[0]} and {len(missing) - 1} others")
    for title, field, wanted in (("the largest thing, where it is not a person", "main_of_all", lambda name: name not in ("person", None)),
                                 ("the largest thing besides people", "main", lambda name: name is not None),
                                 ("people, where they are the largest", "main_of_all", lambda name: name == "person")):
        judged = [thing for thing in things if wanted(thing[field])]
        named = [thing for thing in judged if names(captions[thing["image"]], thing[field])]
        print(f"{title}: named in {len(named)} of {len(judged)} ({100 * len(named) / max(len(judged), 1):.1f} %)")
        if options.missed and field == "main_of_all":
            for thing in judged:
                if thing not in named:
                    print(f"    {thing['image']}: {thing[field]}: {captions[thing['image']]}")
    any_named = sum(any(names(captions[thing["image"]], name) for name in thing["things"]) for thing in things if thing["things"])
    print(f"any thing at all: named in {any_named} of {sum(bool(thing['things']) for thing in things)}")


if __name__ == "__main__":
    main()
