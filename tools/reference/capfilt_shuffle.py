"""Measures a CapFilt filter on data whose wrong texts are known.

  capfilt_shuffle.py shuffle --fraction 0.3 --seed 1 dev-000000.tar --output shuffled.tar
      gives a fraction of all captions to other images (each keeps its number of captions) and
      notes in the JSON of a sample which of its captions are wrong ("shuffled": [false, true, …])

  blip train capfilt --filter MODEL --data shuffled.tar --output judged --report-images 0
      judges the captions

  capfilt_shuffle.py auc --data shuffled.tar --decisions judged/decisions.jsonl
      the ROC AUC of the scores: the chance that a right caption has a higher score than a wrong one;
      and what the run's threshold keeps of both. `--at-least 0.8` makes a smaller AUC a failure.

Python alone, no packages. The same arguments give the same bytes.
"""

import argparse
import io
import json
import random
import sys
import tarfile


def read_samples(path):
    """KEY → (name of the picture's member, its bytes, the JSON object), in the archive's order."""
    samples = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile():
                continue
            folder, _, name = member.name.rpartition("/")
            stem, _, ending = name.partition(".")
            key = f"{folder}/{stem}" if folder else stem
            sample = samples.setdefault(key, {"texts": {}})
            data = archive.extractfile(member).read()
            if ending == "json":
                sample["texts"] = json.loads(data)
            else:
                sample["picture"] = (member.name, data)
    return {key: sample for key, sample in samples.items() if "picture" in sample}


def captions_of(texts):
    captions = texts.get("captions", texts.get("caption", []))
    return [captions] if isinstance(captions, str) else list(captions)


def derangement(owners, rng):
    """A permutation of the places of `owners` that gives no place a text of its own owner."""
    places = list(range(len(owners)))
    rng.shuffle(places)
    for here in range(len(places)):
        if owners[places[here]] != owners[here]:
            continue
        # Any partner with whom an exchange makes both right.
        start = rng.randrange(len(places))
        for step in range(len(places)):
            there = (start + step) % len(places)
            if owners[places[there]] != owners[here] and owners[places[here]] != owners[there]:
                places[here], places[there] = places[there], places[here]
                break
        else:
            sys.exit("too few images to shuffle captions between them")
    return places


def shuffle(arguments):
    samples = read_samples(arguments.shard)
    rng = random.Random(arguments.seed)
    texts = {key: captions_of(sample["texts"]) for key, sample in samples.items()}
    everywhere = [(key, i) for key, captions in texts.items() for i in range(len(captions))]
    chosen = sorted(rng.sample(range(len(everywhere)), round(arguments.fraction * len(everywhere))))
    chosen = [everywhere[place] for place in chosen]
    source = derangement([key for key, _ in chosen], rng)
    given = [texts[chosen[place][0]][chosen[place][1]] for place in source]
    wrong = {key: [False] * len(captions) for key, captions in texts.items()}
    for (key, i), caption in zip(chosen, given):
        texts[key][i] = caption
        wrong[key][i] = True
    with tarfile.open(arguments.output, "w", format=tarfile.USTAR_FORMAT) as archive:
        for key, sample in samples.items():
            annotation = {k: v for k, v in sample["texts"].items()
                          if k not in ("image", "caption", "captions")}
            annotation |= {"captions": texts[key], "shuffled": wrong[key]}
            for name, data in (sample["picture"],
                               (key + ".json", json.dumps(annotation, ensure_ascii=False).encode())):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    print(f"{len(chosen)} of {len(everywhere)} captions of {len(samples)} images are wrong")


def roc_auc(right, wrong):
    """The chance that a right text scores above a wrong one, equal scores counting half."""
    ranked = sorted([(score, True) for score in right] + [(score, False) for score in wrong])
    wins, below, at = 0.0, 0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        rights = sum(is_right for _, is_right in ranked[at:end])
        wrongs = end - at - rights
        wins += rights * (below + wrongs / 2)
        below += wrongs
        at = end
    return wins / (len(right) * len(wrong))


def auc(arguments):
    samples = read_samples(arguments.data)
    keys = list(samples)
    scores = {True: [], False: []}
    kept = {True: 0, False: 0}
    seen = {}
    with open(arguments.decisions, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["source"] != "web" or "error" in line:
                continue
            image = line["image"]
            number = seen[image] = seen.get(image, -1) + 1
            annotation = samples[keys[image]]["texts"]
            if keys[image] != line["key"] or captions_of(annotation)[number] != line["text"]:
                sys.exit(f"{arguments.decisions}: not the decisions about {arguments.data}")
            if line["score"] is None:
                continue
            is_wrong = annotation["shuffled"][number]
            scores[is_wrong].append(line["score"])
            kept[is_wrong] += line["kept"]
    right, wrong = scores[False], scores[True]
    if not right or not wrong:
        sys.exit(f"{arguments.decisions}: needs scores of right and of wrong captions")
    value = roc_auc(right, wrong)
    print(json.dumps({"auc": round(value, 6), "right": len(right), "wrong": len(wrong),
                      "right_kept": round(kept[False] / len(right), 6),
                      "wrong_kept": round(kept[True] / len(wrong), 6)}))
    if value < arguments.at_least:
        sys.exit(f"the AUC {value:.4f} is below {arguments.at_least}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("shuffle")
    command.add_argument("shard")
    command.add_argument("--output", required=True)
    command.add_argument("--fraction", type=float, default=0.3)
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(run=shuffle)
    command = commands.add_parser("auc")
    command.add_argument("--data", required=True)
    command.add_argument("--decisions", required=True)
    command.add_argument("--at-least", type=float, default=0)
    command.set_defaults(run=auc)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
