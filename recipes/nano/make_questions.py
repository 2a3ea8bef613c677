"""Makes shards of questions about captioned and labelled photos.

usage: make_questions.py flickr --shards TAR... --labels LABELS.jsonl --output DIRECTORY --name NAME [--answers FILE]
       make_questions.py synthetic --shards TAR... --output DIRECTORY --name NAME

flickr: COCO-QA's four kinds of questions from the captions (coco_qa.py), and yes/no questions about what two captions or more name, and
what no caption, no box and no class hints at. LABELS are label_photos.py's of the same photos. synthetic: questions from the labels that
make_captions.py wrote. Records are {"image", "qa": [{"question", "answer", "kind"}]}.

Answers that are rarer than --rarest are left out, and frequent ones are thinned as in COCO-QA: after --frequent questions with an answer,
the next is taken with a probability of exp(-(number - frequent) / (2 frequent)). --answers writes the answers that were kept, and reads
them for a second data set (of development, say), which is thinned, but not by rarity: only these answers are asked for.
"""
import argparse
import collections
import json
import math
import pathlib
import random

from agree import apart
from caption_things import CaptionThings
from coco_qa import questions
from nouns import NUMBERS, Noun, Nouns
from sentences import PLACE_PHRASES, ROOMS, Describer
from shards import ShardWriter, read_shard
from yes_no import pairs

GENDERED = {"man": {"man"}, "woman": {"woman"}, "boy": {"boy"}, "girl": {"girl"}, "baby": {"baby"}, "child": {"child", "boy", "girl", "baby"}}
ADULTS = {"man", "woman"}
# Things of which captions and networks say nothing though they are there.
OFTEN_UNSAID = {"tree", "grass", "building", "house", "street", "fence", "wall", "window", "door", "rock", "shirt", "jacket", "dress", "hat", "helmet",
                "sign", "flag", "rope", "stick", "toy", "stairs", "flower", "food", "bag", "glasses", "camera", "bridge", "plate", "bowl", "tie"}
SMALL_IN_ROOMS = ("thing", "furniture", "clothes", "food", "plant", "drink")


def thin(items, rarest, frequent, random_numbers, allowed=None):
    """items: [(key, kind, question, answer)], by COCO-QA's rules without the rare and with fewer of the frequent answers."""
    counts = collections.Counter(item[3] for item in items)
    taken, kept = collections.Counter(), []
    for item in random_numbers.sample(items, len(items)):
        answer = item[3]
        if (answer not in allowed) if allowed is not None else counts[answer] < rarest:
            continue
        beyond = taken[answer] - frequent
        if beyond <= 0 or random_numbers.random() < math.exp(-beyond / (2 * frequent)):
            taken[answer] += 1
            kept.append(item)
    return kept


class FlickrPhotos:
    def __init__(self, shards, labels):
        self.things, self.nouns = CaptionThings(), Nouns()
        self.samples = {key: parts for shard in shards for key, parts in read_shard(shard)}
        self.captions = {key: json.loads(parts["json"])["captions"] for key, parts in self.samples.items()}
        self.labels = {}
        for line in labels.read_text().splitlines():
            row = json.loads(line)
            self.labels[row["file"].rpartition(".")[0]] = row

    def seen(self, key):
        """Every noun that a network hints at, and how many people there may be."""
        row = self.labels[key]
        names = set()
        for index, _ in row["lite3"] + row["lite2"]:
            if index in self.nouns.imagenet:
                names |= set(self.nouns.imagenet[index].names)
        for number, *_ in row["boxes"]:
            names |= set(self.nouns.coco[number].names)
        return names, sum(box[0] == 1 for box in apart(row["boxes"]))

    def yes_no(self, most, numbers):
        photos = {}
        for key, captions in self.captions.items():
            named = collections.Counter(name for caption in captions for name in self.things.named(caption))
            hinted = set().union(*(self.things.hinted(caption) for caption in captions))
            seen, people = self.seen(key)

            def is_absent(name, named=named, hinted=hinted, seen=seen, people=people):
                if name in hinted or name in seen or name in OFTEN_UNSAID:
                    return False
                if name == "person":
                    return people == 0
                if name in GENDERED:
                    said = {other for other in named if other in GENDERED}
                    if people == 0 and "person" not in hinted:
                        return True
                    # One person of whom it is said what he is, is not something else.
                    return people <= 1 and bool(said) and not said & GENDERED[name] and (name not in ("boy", "girl", "child", "baby") or bool(said & ADULTS))
                wide = {wide for other in named for wide in self.things.wider.get(other, ())}
                return name not in wide

            animals = [name for name, _ in named.most_common() if self.nouns.kinds.get(name) == "animal"]
            photos[key] = ({name for name, count in named.items() if count >= 2}, is_absent, animals[0] if animals and named["person"] < 2 else None)
        names = {name: self.nouns.by_name.get(name, Noun(name)) for name in self.things.wider}
        names |= {name: Noun(name, is_mass=True) for name in ("grass", "snow", "water", "food")}
        names |= {name: Noun(name, is_plural=True) for name in ("stairs", "glasses")}
        return pairs(photos, names, self.nouns.kinds, lambda name: most, numbers)

    def what_animal(self, key, choose):
        named = collections.Counter(name for caption in self.captions[key] for name in self.things.named(caption))
        animals = [name for name, count in named.items() if self.nouns.kinds.get(name) == "animal" and count >= 3]
        if len(animals) == 1:
            return [("object", choose(["what animal is this?", "what animal is in the picture?", "what kind of animal is this?"]), animals[0])]
        return []


def flickr(options, numbers):
    photos = FlickrPhotos(options.shards, options.labels)
    items = []
    for key, captions in photos.captions.items():
        for kind, question, answer in questions(captions, numbers.choice) + photos.what_animal(key, numbers.choice):
            items.append((key, kind, question, answer))
    allowed = None
    if options.answers and options.answers.exists():
        allowed = set(options.answers.read_text().split("\n"))
    kept = thin(items, options.rarest, options.frequent, numbers, allowed)
    if options.answers and allowed is None:
        options.answers.write_text("\n".join(sorted({item[3] for item in kept})))
    asked, counts = photos.yes_no(options.most, numbers)
    return {key: (parts.get("jpg"), json.loads(parts["json"])["image"]) for key, parts in photos.samples.items()}, kept, asked, counts


def synthetic_questions(labels, nouns, describer, choose):
    """[(kind, question, answer)] that the labels answer beyond doubt."""
    made = []
    things = labels["things"]
    place = labels["place"]
    if place in ROOMS and place in PLACE_PHRASES:
        made.append(("location", choose(["what room is this?", "which room is this?", "what kind of room is shown?", "what place is this?"]), place))
    elif place and place != "pool table":
        made.append(("location", choose(["what place is this?", "what is in the picture?", "where was this picture taken?", "what is shown in the picture?"]), place))
    ranked = sorted(things, key=lambda thing: -thing["area"])
    if not ranked:
        return made
    main = ranked[0]
    common = next((name for name in [main["noun"], *main["wider"]] if name in nouns.coco_names), main["noun"])
    if not place and (len(things) == 1 or main["area"] > 3 * ranked[1]["area"]):
        answer = choose([common, main["noun"]])
        made.append(("object", choose(["what is in the picture?", "what is this?", "what is shown in the picture?", "what do you see?", "what is in the photo?",
                                       "what is the main thing in the picture?"]), answer))
    kinds = {"animal": ["what animal is this?", "what animal is in the picture?", "what kind of animal is this?", "what animal is shown?"],
             "vehicle": ["what vehicle is this?", "what kind of vehicle is this?", "what vehicle is in the picture?"],
             "food": ["what food is this?", "what kind of food is this?", "what food is in the picture?"],
             "instrument": ["what instrument is this?", "what kind of instrument is this?"]}
    for kind, shapes in kinds.items():
        of_kind = [thing for thing in things if thing["kind"] == kind]
        if len(of_kind) == 1:
            thing = of_kind[0]
            name = next((name for name in [thing["noun"], *thing["wider"]] if name in nouns.coco_names), thing["noun"])
            made.append(("object", choose(shapes), name))
    for thing in things:
        noun = nouns.by_name[thing["noun"]]
        if noun.is_mass or noun.is_plural:
            continue
        if thing["exact"] and thing["count"] and thing["count"] <= 6:
            answer = NUMBERS.get(thing["count"], "one")
            made.append(("number", choose([f"how many {noun.plural()} are there?", f"how many {noun.plural()} are in the picture?",
                                           f"how many {noun.plural()} do you see?"]), answer))
        if thing["color"]:
            made.append(("color", choose([f"what color is the {noun.name}?", f"what is the color of the {noun.name}?"]), thing["color"]))
    return made + [("object", question, answer) for question, answer in labels.get("relations", [])]


def synthetic(options, numbers):
    nouns = Nouns()
    describer = Describer(nouns, 0)
    samples, items, photos = {}, [], {}
    for shard in options.shards:
        for key, parts in read_shard(shard):
            record = json.loads(parts["json"])
            labels = record["labels"]
            samples[key] = (parts["jpg"], record["image"])
            items += [(key, *made) for made in synthetic_questions(labels, nouns, describer, numbers.choice)]
            present = {name for thing in labels["things"] for name in [thing["noun"], *thing["wider"]]} | set(labels["sure"])
            kinds = {nouns.kinds[name] for name in present}
            named = set(labels["named"])
            in_room = labels["place"] in ROOMS

            def is_absent(name, named=named, present=present, in_room=in_room, place=labels["place"]):
                if name in named or nouns.wider[name] & present - {"vehicle", "animal", "food", "bird", "fish", "insect", "thing"} or name in PLACE_PHRASES:
                    return False
                return not (in_room and nouns.kinds[name] in SMALL_IN_ROOMS) and not (place and nouns.kinds[name] == "place")

            ranked = sorted(labels["things"], key=lambda thing: -thing["area"])
            main = ranked[0]["noun"] if ranked and ranked[0]["kind"] in ("animal", "vehicle", "food") and "person" not in kinds else None
            photos[key] = (present - {"screen", "furniture", "clothes", "ape", "big cat", "reptile"}, is_absent, main)
    kept = thin(items, options.rarest, options.frequent, numbers)
    asked, counts = pairs(photos, nouns.by_name, nouns.kinds, lambda name: options.most if name in nouns.coco_names else options.most_of_others, numbers)
    return samples, kept, asked, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", choices=["flickr", "synthetic"])
    parser.add_argument("--shards", required=True, type=pathlib.Path, nargs="+")
    parser.add_argument("--labels", type=pathlib.Path)
    parser.add_argument("--answers", type=pathlib.Path)
    parser.add_argument("--rarest", type=int, default=8)
    parser.add_argument("--frequent", type=int, default=150)
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--most-of-others", type=int, default=100)
    parser.add_argument("--kinds", nargs="*", help="write only these kinds: object number color location yes/no")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--name", required=True)
    options = parser.parse_args()
    numbers = random.Random(options.seed)
    samples, kept, asked, counts = {"flickr": flickr, "synthetic": synthetic}[options.source](options, numbers)
    by_photo = collections.defaultdict(list)
    for key, kind, question, answer in kept:
        by_photo[key].append({"question": question, "answer": answer, "kind": kind})
    for key, rows in asked.items():
        by_photo[key] += [{"question": question, "answer": answer, "kind": "yes/no"} for question, answer in rows]
    if options.kinds:
        by_photo = {key: [row for row in rows if row["kind"] in options.kinds] for key, rows in by_photo.items()}
    writer = ShardWriter(options.output, options.name)
    for key in sorted(by_photo, key=lambda key: random.Random(key).random()):
        if by_photo[key]:
            photo, image = samples[key]
            writer.add(key, photo, {"image": image, "qa": by_photo[key]})
    writer.close()
    kinds = collections.Counter(row["kind"] for rows in by_photo.values() for row in rows)
    answers = collections.Counter(row["answer"] for rows in by_photo.values() for row in rows)
    print(f"{writer.written} photos, {sum(kinds.values())} questions: {dict(kinds)}; {len(answers)} answers, the most frequent {answers.most_common(60)}")
    print("yes/no, as many of each:", ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1])))


if __name__ == "__main__":
    main()
