"""Balanced questions about what is and what is not in photos: for every noun as many answers "yes" as "no"."""
import collections

from nouns import article

SHAPES_ONE = ["is there {a} {noun} in the picture?", "is there {a} {noun} in the picture?", "is there {a} {noun} in the photo?", "is there {a} {noun}?",
              "is there {a} {noun} here?", "do you see {a} {noun}?", "can you see {a} {noun}?", "is {a} {noun} in the picture?",
              "does the picture show {a} {noun}?"]
SHAPES_MANY = ["are there any {nouns}?", "are there any {nouns} in the picture?", "are there {nouns} in the photo?", "do you see any {nouns}?"]
SHAPES_MASS = ["is there any {noun}?", "is there {noun} in the picture?", "do you see any {noun}?", "can you see {noun}?"]
SHAPES_MAIN = ["is this {a} {noun}?", "is this a picture of {a} {noun}?"]
ALIKE = {"animal", "vehicle", "food", "instrument", "furniture"}
HARD = 3  # how much likelier a photo is taken for "no" if the thing is often where such things are, or like one of them


def wording(noun, random, is_main):
    if noun.is_mass:
        return random.choice(SHAPES_MASS).format(noun=noun.name)
    if noun.is_plural:
        return random.choice(SHAPES_MANY[:2] + SHAPES_MANY[3:]).format(nouns=noun.name)
    if is_main and random.random() < 0.25:
        shape = random.choice(SHAPES_MAIN)
    else:
        shape = random.choice(SHAPES_ONE if random.random() < 0.7 else SHAPES_MANY)
    return shape.format(a=article(noun.name), noun=noun.name, nouns=noun.plural())


def pairs(photos, nouns, kinds, most, random, fewest=2, per_photo=5):
    """{photo: [(question, answer)]}. photos: {key: (present, may_be_absent, main)}: names that are there, a function of a name that says
    whether it is surely not there, and the main thing. nouns: {name: Noun}, kinds: {name: kind}. most(name): how many questions at most get each answer."""
    together = collections.defaultdict(collections.Counter)
    having = collections.defaultdict(list)
    for key, (present, _, _) in photos.items():
        for name in present:
            having[name].append(key)
            together[name].update(present - {name})
    asked = collections.defaultdict(list)
    counts = {}
    # The rare ones choose first: photos have room for a few questions only.
    for name in sorted(having, key=lambda name: (len(having[name]), name)):
        if len(having[name]) < fewest or name not in nouns:
            continue
        yes = [key for key in random.sample(having[name], len(having[name])) if len(asked[key]) < per_photo][:most(name)]
        usual = {other for other, _ in together[name].most_common(8)}
        candidates = []
        alike = {other for other in having if kinds.get(other) == kinds.get(name, "unknown")} if kinds.get(name) in ALIKE else set()
        for key, (present, is_absent, _) in photos.items():
            if len(asked[key]) < per_photo and name not in present and is_absent(name):
                weight = HARD if present & usual or present & alike else 1
                candidates.append((random.random() ** (1 / weight), key))
        no = [key for _, key in sorted(candidates, reverse=True)[:len(yes)]]
        yes = yes[:len(no)]
        if len(yes) < fewest:
            continue
        counts[name] = len(yes)
        for answer, keys in (("yes", yes), ("no", no)):
            for key in keys:
                main = photos[key][2]
                is_main = main == name if answer == "yes" else main is not None
                asked[key].append((wording(nouns[name], random, is_main), answer))
    return asked, counts
