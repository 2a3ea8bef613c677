"""Sentences about agreed facts, in the style in which people describe photos. Nothing is said that agree.py does not know."""
import random

from agree import area, overlap
from nouns import NUMBERS, article

# Wider nouns that people use beside those of COCO's things.
USUAL = {"fish", "insect", "monkey", "snake", "guitar", "bike", "deer", "fruit", "lizard", "ball", "bag", "helmet", "shoe", "hat", "phone", "fence",
         "bread", "mug", "computer", "pan", "pot", "glass", "basket", "flower", "sign", "bear", "gun", "camera", "whale", "lamp", "soup", "coffee"}
MANY = 5
CLOSE_UP = 0.4
RIDDEN = {"horse", "motorcycle", "bicycle", "elephant", "skateboard", "surfboard", "snowboard", "scooter", "camel", "skis"}
HELD = {"umbrella", "baseball bat", "tennis racket", "cell phone", "frisbee", "kite", "backpack", "handbag", "suitcase", "surfboard",
        "snowboard", "skateboard", "ball", "teddy bear", "bottle", "cup", "wine glass", "guitar", "book", "laptop", "cake", "pizza", "banana"}
SUPPORTS = {"couch", "bed", "chair", "table", "bench", "desk", "car", "suitcase", "motorcycle", "boat", "toilet", "sink", "laptop", "keyboard",
            "surfboard", "skateboard", "plate", "oven", "truck", "pillow", "rocking chair"}
SMALL_THINGS = {"cat", "dog", "bird", "laptop", "book", "cup", "bottle", "bowl", "vase", "remote", "cell phone", "teddy bear", "pizza", "cake",
                "sandwich", "wine glass", "keyboard", "mouse", "suitcase", "backpack", "handbag", "banana", "apple", "orange", "donut", "rabbit",
                "potted plant", "hot dog", "scissors", "knife", "fork", "spoon", "teapot", "coffee mug", "candle", "toaster", "tv", "clock"}
GROUPS = {"sheep": "herd", "cow": "herd", "elephant": "herd", "zebra": "herd", "giraffe": "herd", "horse": "herd", "bird": "flock",
          "person": "group", "gull": "flock", "goose": "flock", "flamingo": "flock", "banana": "bunch"}
PLACE_PHRASES = {
    "bathroom": ("a bathroom", "in a bathroom"), "bedroom": ("a bedroom", "in a bedroom"), "kitchen": ("a kitchen", "in a kitchen"),
    "living room": ("a living room", "in a living room"), "dining room": ("a dining room", "in a dining room"),
    "street": ("a city street", "on a city street"), "highway": ("a highway", "on a highway"), "office": ("an office", "in an office"),
    "conference room": ("a conference room", "in a conference room"), "hotel room": ("a hotel room", "in a hotel room"),
    "hallway": ("a hallway", "in a hallway"), "beach": ("a beach", "on a beach"), "coast": ("the coast and the ocean", "by the ocean"),
    "forest": ("a forest", "in a forest"), "mountains": ("the mountains", "in the mountains"),
    "snowy mountains": ("mountains covered in snow", "in the snowy mountains"), "skyscraper": ("tall buildings in a city", "in a city"),
    "building": ("a building on a street", "in front of a building"), "house": ("a house", "in front of a house"),
    "castle": ("a castle", "near a castle"), "lighthouse": ("a lighthouse", "near a lighthouse"),
    "pool table": ("a room with a pool table", "in a room with a pool table")}
ROOMS = {"bathroom", "bedroom", "kitchen", "living room", "dining room", "office", "conference room", "hotel room", "hallway"}
PLACE_WITHOUT = {
    "street": ["a city street with buildings on both sides", "a street in a city", "a view of a city street", "a street with buildings",
               "buildings along a city street"],
    "highway": ["a highway under the sky", "a long highway", "a road with lanes", "a view of a highway", "an empty looking highway"],
    "skyscraper": ["a tall building in a city", "tall buildings in a city", "a view of a tall city building", "a city with tall buildings",
                   "a very tall building"],
    "forest": ["a forest with many trees", "trees in a forest", "a forest full of trees", "a view of trees in the woods", "many trees in the woods"],
    "mountains": ["a view of the mountains", "mountains in the distance", "a mountain landscape", "a large mountain", "a mountain under the sky"],
    "snowy mountains": ["mountains covered in snow", "a view of snowy mountains", "snow on the mountains", "a mountain with snow on it"],
    "beach": ["a beach by the ocean", "a sandy beach", "a view of the beach and the ocean", "the ocean and a beach"],
    "coast": ["a view of the ocean", "the ocean and the coast", "the water along the coast", "a view of the coast"],
    "building": ["a large building", "a building in a city", "the front of a building", "a building with many windows", "a view of a building"],
    "house": ["a house", "the front of a house", "a view of a house", "a house with windows"],
    "castle": ["an old castle", "a castle made of stone", "a view of a castle", "a large castle"],
    "lighthouse": ["a lighthouse", "a lighthouse by the water", "a tall lighthouse", "a view of a lighthouse"],
    "hallway": ["a long hallway", "a hallway in a building", "a view down a hallway", "an empty hallway"]}


def count_phrase(thing, noun, choose, with_color=True):
    """"a red car", "two dogs", "some food" … for one of the thing's nouns."""
    color = f"{thing.color} " if with_color and thing.color else ""
    if noun.is_mass:
        return f"{choose(['some ', '', 'some '])}{color}{noun.name}"
    if noun.is_plural:
        return f"{choose(['some ', '', 'a pair of '] if noun.name in ('skis', 'scissors', 'sunglasses', 'binoculars') else ['some ', ''])}{noun.name}"
    if thing.count in (None, 1):
        phrase = color + noun.name
        return f"{article(phrase)} {phrase}"
    if thing.count == 0 or thing.count and not thing.is_exact and thing.count >= MANY:
        if noun.name in GROUPS and thing.count and thing.count >= MANY:
            return choose([f"a {GROUPS[noun.name]} of {noun.plural()}", f"several {noun.plural()}", f"many {noun.plural()}"])
        return choose([f"some {noun.plural()}", f"several {noun.plural()}"]) if thing.count else f"some {noun.plural()}"
    if thing.count >= MANY:
        group = GROUPS.get(noun.name, "group")
        return choose([f"a {group} of {noun.plural()}", f"several {noun.plural()}", f"many {noun.plural()}"])
    return choose([f"{NUMBERS[thing.count]} {noun.plural()}"] * 3 + ([f"a couple of {noun.plural()}"] if thing.count == 2 else
                                                                      [f"a group of {noun.plural()}"]))


def is_many(thing):
    return thing.count is not None and thing.count != 1


class Describer:
    def __init__(self, nouns, seed):
        self.nouns, self.random = nouns, random.Random(seed)

    def choose(self, options):
        return self.random.choice(options)

    def noun(self, thing):
        """Mostly the narrow noun, sometimes a wider one: an eagle is a bird, too."""
        wider = [name for name in thing.wider if name in self.nouns.coco_names or name in USUAL]
        name = self.choose(wider) if wider and self.random.random() < 0.4 else thing.noun
        return self.nouns.by_name[name]

    def phrase(self, thing, with_color=True):
        return count_phrase(thing, self.noun(thing), self.choose, with_color)

    def relation(self, a, b):
        """How a, which is named first, lies to b: a phrase between their names, or nothing."""
        if len(a.boxes) != 1 or len(b.boxes) != 1:
            return None
        (al, at, ar, ab), (bl, bt, br, bb) = a.boxes[0], b.boxes[0]
        shared = overlap(a.boxes[0], b.boxes[0])
        across = (min(ar, br) - max(al, bl)) / min(ar - al, br - bl)
        is_above = (at + ab) / 2 < (bt + bb) / 2
        if a.noun == "person":
            if b.noun in RIDDEN and across > 0.5 and is_above and at < bt - 0.02 and ab > bt:
                return self.choose({"skis": ["on", "riding on", "with"], "surfboard": ["riding", "on"], "bicycle": ["riding", "on"]}.get(
                    b.noun, ["riding", "riding", "on"]))
            if b.noun in HELD and shared / area(b.boxes[0]) > 0.5 and area(b.boxes[0]) < area(a.boxes[0]):
                return "with"
            if b.noun == "tie" and shared / area(b.boxes[0]) > 0.8:
                return self.choose(["wearing", "in", "with"])
            if b.noun == "umbrella" and across > 0.6 and bt < at + 0.05:
                return self.choose(["under", "with"])
        if b.noun in SUPPORTS and (a.noun in SMALL_THINGS or a.noun == "person" and b.noun in ("couch", "bed", "chair", "bench", "boat")):
            if shared / area(a.boxes[0]) > 0.7 and area(a.boxes[0]) < area(b.boxes[0]) and bt - 0.02 < ab < bb + 0.02:
                if a.noun == "person":
                    return "on" if b.noun != "boat" else "in"
                if b.noun == "boat":
                    return None
                return self.choose(["on", "on", "on top of"]) if b.noun not in ("car", "truck") else self.choose(["on", "in"]) if at < bt else "in"
        gap = max(max(al, bl) - min(ar, br), 0)
        sizes = area(a.boxes[0]) / area(b.boxes[0])
        tall = (min(ab, bb) - max(at, bt)) / min(ab - at, bb - bt)
        if shared / min(area(a.boxes[0]), area(b.boxes[0])) < 0.25 and gap < 0.15 and tall > 0.5 and 0.1 < sizes < 10:
            return self.choose(["next to", "next to", "beside", "near"])
        return None

    def where(self, facts, main):
        """Endings that say where the main thing is."""
        if facts.place:
            inside = PLACE_PHRASES[facts.place][1]
            return [inside, inside.replace(" a ", " the ", 1)] if facts.place in ROOMS or facts.place == "street" else [inside]
        if facts.setting == "grass":
            return ["in the grass", "on the grass", "in a grassy field", "in a field of grass", "on some green grass"]
        if facts.setting == "water":
            return ["in the water", "on the water", "floating on the water", "in the blue water"]
        if facts.setting == "blue sky":
            return ["in the sky", "in a blue sky", "flying in the sky", "in the blue sky", "flying through the air"]
        if facts.setting == "sky":
            return ["in the sky", "in the air", "flying in the sky", "flying through the air"]
        if facts.background == "white":
            return ["on a white background", "in front of a white background", "against a white background", "with a white background"]
        if facts.background == "black":
            return ["on a black background", "in front of a black background", "against a dark background"]
        return []

    def about_place(self, facts):
        """Sentences about the place, with what is in it."""
        place, inside = PLACE_PHRASES[facts.place]
        others = [thing for thing in facts.things if thing.noun != facts.place and not (thing.noun == "person" and facts.place in ROOMS)]
        others = sorted(others, key=lambda thing: -thing.area)
        sentences = []
        if not others:
            sentences += PLACE_WITHOUT.get(facts.place, [place, f"a view of {place}", f"the inside of {place}", f"an indoor view of {place}",
                                                         f"the interior of {place}", f"there is {place} in this picture"])
            return sentences
        for _ in range(4):
            some = others[:self.choose([1, 2, 2, 3])]
            listed = self.listed(some)
            sentences += self.random.sample([f"{place} with {listed}", f"{place} that has {listed} in it", f"there {self.be(some)} {listed} {inside}",
                                             f"{listed} {inside}", f"a view of {place} with {listed}", f"{place} with {listed} in it"], 2)
        return sentences

    def listed(self, things):
        phrases = [self.phrase(thing) for thing in things]
        return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1]

    @staticmethod
    def be(things):
        return "are" if is_many(things[0]) else "is"

    def about_one(self, facts, thing):
        where = self.where(facts, thing)
        sentences = []
        for _ in range(3):
            phrase = self.phrase(thing)
            be = "are" if is_many(thing) or self.nouns.by_name[thing.noun].is_plural else "is"
            shapes = [phrase, phrase, f"there {be} {phrase}", f"there {be} {phrase} in the picture", f"a picture of {phrase}", f"a photo of {phrase}"]
            if thing.area > CLOSE_UP and not is_many(thing):
                shapes += [f"a close up of {phrase}"] * 3 + [f"a close up view of {phrase}", f"a close up picture of {phrase}"]
            if where:
                somewhere = self.choose(where)
                shapes = [f"{phrase} {self.choose(where)}" for _ in range(3)] + [f"there {be} {phrase} {somewhere}"] + shapes[:1] + shapes[6:8]
                shapes += [f"{phrase} {be} {somewhere}"] if not somewhere.startswith("with ") else []
            sentences += self.random.sample(shapes, 2)
        if thing.color and thing.count in (None, 1):
            noun = self.noun(thing)
            sentences.append(f"{article(noun.name)} {noun.name} that is {thing.color}")
        return sentences

    def about_two(self, facts, a, b):
        relation = self.relation(a, b)
        ending = self.choose(["", "", *(f" {ending}" for ending in self.where(facts, a))]) if facts.place != b.noun else ""
        one, other = self.phrase(a), self.phrase(b)
        if relation:
            return [f"{one} {relation} {other}{ending}", f"{one} {relation} {self.phrase(b, False)}", f"{one} that {self.be([a])} {relation} {other}"
                    if relation not in ("wearing", "with") else f"{one} {relation} {other}",
                    f"there {self.be([a])} {one} {relation} {other}"]
        if a.kind == "place" and b.kind != "place" or b.noun == "person" and a.kind in ("thing", "food", "clothes", "instrument", "drink", "plant"):
            a, b, one, other = b, a, other, one
        return [f"{one} and {other}{ending}", f"{one} with {other}", f"{one} and {other} in the picture", f"there {self.be([a])} {one} and {other}"]

    def ranked(self, things):
        """Who or what a person would name first: the large; living things before furniture."""
        weight = {"person": 1.3, "animal": 2, "vehicle": 1.5, "food": 1.5, "furniture": 0.7, "place": 0.8}
        return sorted(things, key=lambda thing: -max(thing.area * max(len(thing.boxes), 1) ** 0.5, 0.02) * weight.get(thing.kind, 1))

    def describe(self, facts, most=5):
        things = self.ranked(facts.things)
        sentences = []
        if facts.place and (facts.place_is_known or not things or things[0].kind not in ("animal", "person")):
            sentences += self.about_place(facts)
        if things and not (facts.place in ROOMS and facts.place_is_known and things[0].noun == "person" and things[0].area < 0.1):
            main = things[0]
            pairs = [(a, b) for a in things[:4] for b in things[:4] if a is not b and self.relation(a, b)
                     and self.nouns.wider[a.noun].isdisjoint([b.noun])]
            for a, b in pairs[:3]:
                sentences += self.random.sample(self.about_two(facts, a, b), 3)
            if len(things) > 1 and not pairs and not facts.place_is_known:
                sentences += self.about_two(facts, main, things[1])
            if len(things) > 2 and not facts.place_is_known:
                sentences.append(self.listed(things[:3]))
            if len(things) == 1 or self.random.random() < 0.4 and not facts.place_is_known:
                sentences += self.about_one(facts, main)
        unique = list(dict.fromkeys(" ".join(sentence.split()) for sentence in sentences))
        self.random.shuffle(unique)
        return unique[:most]
