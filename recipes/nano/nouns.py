"""Plain nouns for what the networks of label_photos.py and the names of files say, from the tables beside this file."""
import dataclasses
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
IRREGULAR = {"person": "people", "sheep": "sheep", "goose": "geese", "fish": "fish", "goldfish": "goldfish", "deer": "deer", "mouse": "mice",
             "knife": "knives", "wolf": "wolves", "ox": "oxen", "bison": "bison", "shelf": "shelves", "water buffalo": "water buffalo",
             "loaf of bread": "loaves of bread", "glass of beer": "glasses of beer", "glass of wine": "glasses of wine", "scarf": "scarves",
             "cup of coffee": "cups of coffee", "bowl of soup": "bowls of soup", "plate of food": "plates of food", "cactus": "cacti",
             "bottle of lotion": "bottles of lotion", "bottle of perfume": "bottles of perfume", "computer mouse": "computer mice",
             "praying mantis": "praying mantises", "zucchini": "zucchini", "starfish": "starfish", "antelope": "antelope", "panda": "pandas",
             "baseball player": "baseball players", "lamp shade": "lamp shades", "potato": "potatoes", "tomato": "tomatoes",
             "photo": "photos", "man": "men", "woman": "women", "child": "children", "leaf": "leaves", "calf": "calves"}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
VOWEL_SOUNDS = "aeiou"
NOT_VOWEL_SOUNDS = ("unicycle", "ukulele", "uni", "used", "one")


@dataclasses.dataclass(frozen=True)
class Noun:
    name: str
    is_mass: bool = False
    is_plural: bool = False

    def plural(self):
        if self.is_mass or self.is_plural:
            return self.name
        if self.name in IRREGULAR:
            return IRREGULAR[self.name]
        head, last = self.name.rpartition(" ")[::2]
        if last in IRREGULAR:
            last = IRREGULAR[last]
        elif last.endswith(("s", "x", "ch", "sh", "z")):
            last += "es"
        elif last.endswith("y") and last[-2] not in "aeiou":
            last = last[:-1] + "ies"
        else:
            last += "s"
        return f"{head} {last}".strip()


@dataclasses.dataclass(frozen=True)
class Concept:
    """What one class, box or name means: the plain noun and the wider ones, the narrowest first."""
    chain: tuple
    kind: str

    @property
    def names(self):
        return [noun.name for noun in self.chain]


def article(phrase):
    return "a" if phrase[0] not in VOWEL_SOUNDS or phrase.startswith(NOT_VOWEL_SOUNDS) else "an"


def read_concept(text):
    chain, _, kind = text.partition("|")
    nouns = []
    for name in chain.split(">"):
        name = name.strip()
        nouns.append(Noun(name.rstrip("*+"), name.endswith("*"), name.endswith("+")))
    return Concept(tuple(nouns), kind.strip())


def table(name):
    for line in (HERE / name).read_text().splitlines():
        if line and not line.startswith("#"):
            key, _, rest = line.partition(" ")
            yield key, rest


class Nouns:
    def __init__(self):
        self.imagenet, self.coco, self.folders = {}, {}, {}
        for key, rest in table("imagenet_nouns.txt"):
            first, _, last = key.partition("-")
            for index in range(int(first), int(last or first) + 1):
                self.imagenet[index] = read_concept(rest)
        for key, rest in table("coco_nouns.txt"):
            self.coco[int(key)] = read_concept(rest)
        for index, synset in enumerate((HERE / "imagenet_synsets.txt").read_text().split()):
            if index in self.imagenet:
                self.folders[synset] = self.imagenet[index]
        for key, rest in table("synset_nouns.txt"):
            self.folders[key] = read_concept(rest)
        self.folders |= {"cats": read_concept("cat | animal"), "dogs": read_concept("dog | animal")}
        self.by_name, self.kinds, self.wider = {}, {}, {}
        for concept in [*self.coco.values(), *self.imagenet.values(), *self.folders.values()]:
            for place, noun in enumerate(concept.chain):
                self.by_name.setdefault(noun.name, noun)
                self.kinds.setdefault(noun.name, concept.kind)
                self.wider.setdefault(noun.name, set()).update(concept.names[place + 1:])
        self.coco_names = {concept.names[0]: number for number, concept in self.coco.items()}

    def places_of_ade20k(self):
        places = {}
        for first, rest in table("ade20k_places.txt"):
            last, _, place = rest.partition(" ")
            places.update({number: place for number in range(int(first), int(last) + 1)})
        return places
