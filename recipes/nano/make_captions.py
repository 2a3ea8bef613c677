"""Makes synthetic captions for labelled photos: shards of photos with 3 to 5 sentences each.

usage: make_captions.py --labels LABELS.jsonl --small DIRECTORY [--masks DIRECTORY] [--kept-apart PATH...] --output DIRECTORY

LABELS and --small are what label_photos.py wrote. --masks has a PNG of the salient thing for some photos, by the photo's name (DUTS).
--kept-apart names photos, or directories of photos, that nothing may be trained on: photos that look the same are left out, and so are
photos that are there twice. At most --most photos are taken for one main noun of COCO's things,
and --most-of-others for another one, those with the most to say first.

A record is {"image", "captions", "synthetic": true, "labels": {"things": [{"noun", "kind", "wider", "count", "exact", "color", "area"}],
"place", "named"}}; a count of 0 means "some" and null "one or more". "named" are all nouns that any source hinted at: what is not among
them may be said to be absent.
"""
import argparse
import collections
import hashlib
import json
import pathlib

import numpy
from PIL import Image

from agree import LARGE_BOX, NEEDS_PERSON, Judge, Photo, area
from photo_hash import difference_hash
from sentences import RIDDEN, Describer
from shards import ShardWriter

NEAR = 10  # of 128 bits
FEWEST = 3
SURE, SURE_PERSON = 0.7, 0.6


def bits(text):
    return numpy.unpackbits(numpy.frombuffer(bytes.fromhex(text), dtype=numpy.uint8))


def kept_apart(paths):
    """Hashes of whole photos and of their middles, for copies may be squashed or cut."""
    hashes = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix.lower() in (".jpg", ".jpeg", ".png"):
                image = Image.open(file).convert("RGB")
                side = min(image.size)
                left, top = (image.width - side) // 2, (image.height - side) // 2
                hashes += [bits(difference_hash(image)), bits(difference_hash(image.crop((left, top, left + side, top + side))))]
    return hashes


class Twins:
    """Finds photos that look like one that was seen before."""

    def __init__(self, hashes, room):
        self.table = numpy.zeros((len(hashes) + room, 128), dtype=numpy.uint8)
        self.table[:len(hashes)] = hashes or self.table[:0]
        self.used = len(hashes)

    def is_new(self, text):
        own = bits(text)
        if self.used and (self.table[:self.used] != own).sum(1).min() <= NEAR:
            return False
        self.table[self.used] = own
        self.used += 1
        return True


def record(row, facts, captions, describer, judge):
    things = [{"noun": thing.noun, "kind": thing.kind, "wider": thing.wider, "count": thing.count, "exact": thing.is_exact,
               "color": thing.color, "area": round(thing.area, 3), "sources": thing.sources} for thing in facts.things]
    return {"image": row["key"] + ".jpg", "captions": captions, "synthetic": True,
            "labels": {"things": things, "place": facts.place, "named": sorted(facts.named),
                       "sure": sure_boxes(row, judge), "relations": relations(facts, describer)}}


def sure_boxes(row, judge):
    """Nouns of boxes that may be asked for: a question needs less than a sentence, for nobody learns words from it."""
    names = set()
    for number, score, *box in row["boxes"]:
        name = judge.nouns.coco[number].names[0]
        is_doubtful = name in judge.seen_by_classifiers and (judge.nouns.kinds[name] not in ("thing", "furniture") or area(box) >= LARGE_BOX)
        if score >= (SURE_PERSON if name == "person" else SURE) and not is_doubtful and name not in NEEDS_PERSON | {"kite"}:
            names.add(name)
    return sorted(names)


def relations(facts, describer):
    """Questions about what is on what, and what somebody rides or holds."""
    rows = []
    for a in facts.things:
        for b in facts.things:
            relation = describer.relation(a, b) if a is not b else None
            if a.noun == "person" and b.noun in RIDDEN and relation in ("riding", "on", "riding on"):
                rows.append(("what is the person riding?" if b.noun != "skis" else "what is the person on?", b.noun))
            elif a.noun != "person" and relation in ("on", "on top of"):
                rows.append((f"what is on the {b.noun}?", a.noun))
    questions = [question for question, _ in rows]
    return [[question, answer] for question, answer in rows if questions.count(question) == 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", required=True, type=pathlib.Path)
    parser.add_argument("--small", required=True, type=pathlib.Path)
    parser.add_argument("--masks", type=pathlib.Path)
    parser.add_argument("--kept-apart", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--most", type=int, default=700)
    parser.add_argument("--most-of-others", type=int, default=250)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    judge, records, left_out = Judge(), [], collections.Counter()
    rows = [json.loads(line) for line in options.labels.read_text().splitlines() if line.endswith("}")]
    twins = Twins(kept_apart(options.kept_apart), len(rows))
    for row in rows:
        if not twins.is_new(row["hash"]):
            left_out[f"looks like another: {row['source']}"] += 1
            continue
        small = options.small / f"{row['key']}.jpg"
        mask = options.masks / f"{pathlib.Path(row['file']).stem}.png" if options.masks else None
        facts = judge.facts(row, Photo(small, mask))
        describer = Describer(judge.nouns, row["key"])
        captions = describer.describe(facts)
        if len(captions) < FEWEST:
            left_out[f"nothing agreed: {row['source']}"] += 1
            continue
        ranked = describer.ranked(facts.things)
        main_noun = facts.place if facts.place_is_known or not ranked else ranked[0].noun
        if ranked and main_noun == ranked[0].noun and judge.nouns.kinds[main_noun] == "animal":
            main_noun = next((name for name in ranked[0].wider if name in ("bird", "fish", "insect")), main_noun)
        order = hashlib.sha1(row["key"].encode()).hexdigest()
        records.append((main_noun, -len(facts.things), order, small, record(row, facts, captions, describer, judge)))
    by_noun = collections.defaultdict(list)
    for item in sorted(records, key=lambda item: item[:3]):
        by_noun[item[0]].append(item)

    def most(noun):
        return options.most if noun in judge.nouns.coco_names else options.most_of_others

    chosen = sorted((item for noun, items in by_noun.items() for item in items[:most(noun)]), key=lambda item: item[2])
    left_out["enough of its noun"] = len(records) - len(chosen)
    writer = ShardWriter(options.output, "synthetic")
    for _, _, _, small, sample in chosen:
        writer.add(small.stem, small.read_bytes(), sample)
    writer.close()
    print(f"{writer.written} photos, {sum(len(item[4]['captions']) for item in chosen)} captions; left out: {dict(left_out)}")
    print("main nouns:", ", ".join(f"{noun} {min(len(items), most(noun))}" for noun, items in sorted(by_noun.items(), key=lambda i: -len(i[1]))))


if __name__ == "__main__":
    main()
