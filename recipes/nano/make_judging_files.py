"""Makes files to judge captions and answers by what is in photos that nothing was trained on.

usage: make_judging_files.py --instances INSTANCES.json --photos DIRECTORY [--by-hand FILE.json --by-hand-photos DIRECTORY] --output DIRECTORY

INSTANCES are COCO's. --by-hand names the same for photos without: {"image", "things": {category: size}, "unclear": [category...]}.
Written are photos/, things.json for judge_things.py and yes_no.json, a list for `blip eval vqa` and judge_yes_no.py.

The main thing of a photo is the category with the largest area, all its instances together. "main" leaves people out; "main_of_all"
does not. For yes_no.json up to --most categories that take half a per cent of the photo or more are asked for, the largest first, and as
many that are not there: those that are usual beside what is there come first, and every category is denied about as often as confirmed.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import shutil

from judge_words import SPOKEN
from nouns import article

SMALLEST = 0.005
SHAPES = ["is there {a} {noun} in the picture?", "is there {a} {noun}?", "do you see {a} {noun}?", "is there {a} {noun} in the photo?"]
PLURAL = {"skis", "scissors"}


def question(category, key):
    number = int(hashlib.sha1(f"{key} {category}".encode()).hexdigest(), 16)
    noun = SPOKEN.get(category, category)
    if category in PLURAL:
        return f"are there any {noun} in the picture?"
    if category == "broccoli":
        return "is there any broccoli in the picture?"
    return SHAPES[number % len(SHAPES)].format(a=article(noun), noun=noun)


def of_instances(path):
    data = json.loads(path.read_text())
    names = {category["id"]: category["name"] for category in data["categories"]}
    photos = {image["id"]: {"image": image["file_name"], "size": image["width"] * image["height"], "areas": collections.Counter()} for image in data["images"]}
    for instance in data["annotations"]:
        photos[instance["image_id"]]["areas"][names[instance["category_id"]]] += instance["area"]
    for photo in photos.values():
        areas = photo["areas"]
        yield {"image": photo["image"], "things": dict(areas), "unclear": [],
               "asked": [name for name, area in areas.most_common() if area >= SMALLEST * photo["size"]]}


def of_hand(path):
    for row in json.loads(path.read_text()):
        yield row | {"asked": sorted(row["things"], key=lambda name: -row["things"][name])}


def yes_no(photos, most):
    together, denied, confirmed = collections.defaultdict(collections.Counter), collections.Counter(), collections.Counter()
    everything = sorted({name for photo in photos for name in photo["things"]})
    for photo in photos:
        confirmed.update(photo["asked"][:most])
        for name in photo["things"]:
            together[name].update(set(photo["things"]) - {name})
    rows = []
    for photo in photos:
        asked = photo["asked"][:most]
        absent = [name for name in everything if name not in photo["things"] and name not in photo["unclear"]]
        usual = collections.Counter()
        for name in photo["things"]:
            usual.update(together[name])
        absent.sort(key=lambda name: (-(confirmed[name] - denied[name] > 0), -usual[name] - confirmed[name] + 3 * denied[name],
                                      hashlib.sha1((photo["image"] + name).encode()).digest()))
        denied.update(absent[:len(asked)])
        for answer, names in (("yes", asked), ("no", absent[:len(asked)])):
            for name in names:
                rows.append({"image": photo["image"], "question_id": len(rows), "question": question(name, photo["image"]), "answer": answer, "category": name})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", required=True, type=pathlib.Path)
    parser.add_argument("--photos", required=True, type=pathlib.Path)
    parser.add_argument("--by-hand", type=pathlib.Path)
    parser.add_argument("--by-hand-photos", type=pathlib.Path)
    parser.add_argument("--most", type=int, default=3)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    photos = list(of_instances(options.instances))
    directories = {photo["image"]: options.photos for photo in photos}
    if options.by_hand:
        more = [row for row in of_hand(options.by_hand) if row["image"] not in directories]
        photos += more
        directories |= {row["image"]: options.by_hand_photos for row in more}
    (options.output / "photos").mkdir(parents=True, exist_ok=True)
    things = []
    for photo in photos:
        shutil.copyfile(directories[photo["image"]] / photo["image"], options.output / "photos" / photo["image"])
        ranked = sorted(photo["things"], key=lambda name: -photo["things"][name])
        others = [name for name in ranked if name != "person"]
        things.append({"image": photo["image"], "main_of_all": ranked[0] if ranked else None, "main": others[0] if others else None, "things": ranked})
    questions = yes_no(photos, options.most)
    (options.output / "things.json").write_text(json.dumps(things, indent=1) + "\n")
    (options.output / "yes_no.json").write_text(json.dumps(questions, indent=0) + "\n")
    print(f"{len(things)} photos, {sum(t['main'] is not None for t in things)} with a main thing other than people, in "
          f"{sum(t['main_of_all'] not in ('person', None) for t in things)} it is the largest of all; {len(questions)} questions")
    print("yes:", collections.Counter(row["category"] for row in questions if row["answer"] == "yes").most_common(15))
    print("no:", collections.Counter(row["category"] for row in questions if row["answer"] == "no").most_common(15))


if __name__ == "__main__":
    main()
