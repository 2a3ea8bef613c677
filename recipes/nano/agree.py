"""What is in a photo, as far as two sources say the same.

Sources are the two classifiers, the detector, the names of files and folders, and the places of ADE20K. The detector alone is believed
only where it is nearly always right: for people and for boxes of high scores. A mask of the salient thing, where there is one, tells how
many things there are, how large they are and what colour they have.
"""
import collections
import dataclasses
import functools
import re

import numpy
from PIL import Image

from nouns import Nouns

BOTH_CLASSIFIERS, THEIR_SUM = 0.15, 0.7
WITH_BOX, BOX_WITH_CLASSIFIER = 0.2, 0.35
WITH_FOLDER = 0.2
BOX_WITH_HINT, HINT = 0.5, 0.03
BOX_ALONE, PERSON_ALONE = 0.8, 0.65
WITH_PERSON, FRISBEE = 0.5, 0.75  # the detector takes any disc for a frisbee
NEEDS_PERSON = {"skateboard", "surfboard", "snowboard", "skis", "baseball bat", "baseball glove", "tennis racket", "frisbee", "tie"}
LARGE_BOX, CLASS_OF_LARGE_BOX = 0.08, 0.06
SAME_THING = 0.3
COUNTED, UNSURE = 0.5, 0.3
SAME_BOX, INSIDE = 0.6, 0.85
SMALLEST_COUNTED = 0.01
# Too wide to be said, or said only of parts.
NOT_SAID = {"vehicle", "animal", "big cat", "reptile", "instrument", "screen", "furniture", "ape", "clothes"}
HINTED_BY_PLACE = {
    "bathroom": {"toilet", "sink", "bottle"}, "kitchen": {"oven", "refrigerator", "sink", "microwave", "table", "chair", "bowl", "bottle"},
    "bedroom": {"bed", "chair", "tv", "potted plant", "couch"}, "hotel room": {"bed", "chair", "tv", "couch"},
    "living room": {"couch", "chair", "tv", "table", "vase", "potted plant"}, "dining room": {"table", "chair", "vase", "potted plant"},
    "street": {"car", "person", "bus", "truck", "traffic light", "bicycle", "motorcycle"}, "highway": {"car", "truck", "bus"},
    "office": {"chair", "laptop", "tv", "keyboard", "mouse", "table"}, "conference room": {"chair", "table", "tv"}, "beach": {"person", "boat"},
    "building": {"car", "person"}, "house": {"car"}}
COLORED = {"car", "taxi", "bus", "truck", "train", "van", "bird", "cat", "dog", "horse", "cow", "sheep", "vase", "umbrella", "boat", "couch",
           "cup", "flower", "motorcycle", "bicycle", "jeep", "convertible", "sports car", "pickup truck", "fire truck", "airplane",
           "butterfly", "parachute", "balloon", "kite", "rabbit", "bear", "fish", "swan", "duck", "frog", "snake", "apple", "bell pepper",
           "teapot", "coffee mug", "mug", "bottle", "suitcase", "backpack", "purse", "ball", "race car", "station wagon",
           "pillow", "bowl", "goat", "pig", "telephone", "mailbox", "school bus", "lamp", "tent", "scooter", "spider", "beetle", "mushroom",
           "gas pump", "guitar", "electric guitar", "flamingo", "parrot", "hat", "helmet", "shoe", "teddy bear", "limousine", "tractor"}
GROUND_ANIMALS = {"dog", "horse", "cow", "sheep", "zebra", "elephant", "giraffe", "cat", "goat", "rabbit", "bear", "lion", "tiger", "ram", "pig",
                  "person", "llama", "camel", "bison", "antelope", "deer", "cheetah", "kangaroo", "leopard", "fox", "squirrel", "goose", "ostrich"}
FLYING = {"airplane", "fighter jet", "kite", "parachute", "balloon", "blimp"}
FLOATING = {"boat", "ship", "sailboat", "canoe", "speedboat", "swan", "duck", "pelican", "gondola", "cargo ship", "pirate ship", "catamaran"}
OUTDOORS = {"traffic light", "street sign", "stop sign", "parking meter", "fire hydrant", "kite"}
COLORS = ["black", "white", "gray", "red", "orange", "brown", "yellow", "green", "blue", "purple", "pink"]


@dataclasses.dataclass
class Thing:
    noun: str
    kind: str
    wider: list
    count: int | None  # None: not known whether one or more; 0: more than one, but how many is not known
    is_exact: bool
    boxes: list
    area: float
    color: str | None = None
    sources: tuple = ()


@dataclasses.dataclass
class Facts:
    things: list
    place: str | None
    place_is_known: bool
    background: str | None
    setting: str | None
    named: set  # every noun that any source has so much as hinted at


def area(box):
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def overlap(a, b):
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def apart(rows):
    """Without boxes that frame the same thing again. rows: [[kind, score, left, top, right, bottom]], the surest first."""
    kept = []
    for row in sorted(rows, key=lambda row: -row[1]):
        again = False
        for other in kept:
            shared = overlap(row[2:], other[2:])
            smaller = min(area(row[2:]), area(other[2:])) or 1
            union = area(row[2:]) + area(other[2:]) - shared or 1
            if shared / union > SAME_BOX or row[0] == other[0] and shared / smaller > INSIDE:
                again = True
        if not again:
            kept.append(row)
    return kept


def color_shares(pixels):
    """pixels: [n, 3] bytes → the share of each of COLORS."""
    hsv = numpy.asarray(Image.fromarray(pixels[None].astype(numpy.uint8)).convert("HSV"))[0].astype(numpy.float32)
    hue, saturation, value = hsv[:, 0] * 360 / 255, hsv[:, 1] / 255, hsv[:, 2] / 255
    names = numpy.full(len(pixels), 2)
    colored = (saturation > 0.22) & (value > 0.2)
    for low, high, name in ((0, 12, 3), (12, 40, 4), (40, 68, 6), (68, 165, 7), (165, 260, 8), (260, 300, 9), (300, 342, 10), (342, 361, 3)):
        names[colored & (hue >= low) & (hue < high)] = name
    names[(names == 4) & ((value < 0.75) | (saturation < 0.6))] = 5
    names[(names == 3) & (saturation < 0.45) & (value > 0.6)] = 10
    names[(names == 3) & (value < 0.35)] = 5
    names[~colored & (value > 0.8)] = 1
    names[value < 0.22] = 0
    return numpy.bincount(names, minlength=len(COLORS)) / max(len(names), 1)


class Photo:
    """The small photo's pixels, and the mask of the salient thing if there is one."""

    def __init__(self, path, mask_path=None):
        self.pixels = numpy.asarray(Image.open(path).convert("RGB"))
        self.mask = None
        if mask_path and mask_path.exists():
            size = (self.pixels.shape[1], self.pixels.shape[0])
            self.mask = numpy.asarray(Image.open(mask_path).convert("L").resize(size, Image.Resampling.BILINEAR)) > 127

    def inside(self, box, shrink):
        """Flags of the middle of a box."""
        height, width = self.pixels.shape[:2]
        left, top, right, bottom = box
        x, y = (right - left) * shrink / 2, (bottom - top) * shrink / 2
        flags = numpy.zeros((height, width), dtype=bool)
        flags[int((top + y) * height):int((bottom - y) * height) + 1, int((left + x) * width):int((right - x) * width) + 1] = True
        return flags

    def color_of(self, boxes):
        """The colour that most of a thing has, if it is beyond doubt."""
        flags = None
        if self.mask is not None and self.mask.mean() > 0.02:
            flags = self.mask
            if len(boxes) == 1:
                flags = flags & self.inside(boxes[0], 0)
        elif len(boxes) == 1:
            flags = self.inside(boxes[0], 0.4)
        if flags is None or flags.sum() < 200:
            return None
        shares = color_shares(self.pixels[flags])
        best = int(shares.argmax())
        needed = {"gray": 0.8, "black": 0.65, "white": 0.6, "brown": 0.6}.get(COLORS[best], 0.5)
        return COLORS[best] if shares[best] >= needed and numpy.sort(shares)[-2] < 0.3 else None

    def around(self, boxes):
        """Flags of what is neither salient nor in a box."""
        flags = numpy.ones(self.pixels.shape[:2], dtype=bool)
        if self.mask is not None:
            flags &= ~self.mask
        else:
            for box in boxes:
                flags &= ~self.inside(box, 0)
        return flags

    def background(self, boxes):
        flags = self.around(boxes)
        if (self.mask is None and not boxes) or not 0.2 < flags.mean() < 0.97:
            return None
        pixels = self.pixels[flags].astype(numpy.float32)
        if numpy.percentile(pixels.min(1), 15) > 225:
            return "white"
        return "black" if numpy.percentile(pixels.max(1), 85) < 35 else None

    def is_sky(self, boxes):
        flags = self.around(boxes)
        if flags.mean() < 0.35:
            return None
        pixels = self.pixels[flags]
        shares = color_shares(pixels)
        smooth = pixels.astype(numpy.float32).std(0).max() < 38
        if smooth and shares[COLORS.index("blue")] > 0.85:
            return "blue"
        return "any" if smooth and shares[[1, 2, 8]].sum() > 0.9 else None

    def is_below(self, boxes, colors, share):
        """Whether the lowest part of the photo, apart from the thing, has one of the colours."""
        flags = self.around(boxes)
        flags[:int(flags.shape[0] * 0.8)] = False
        if flags.mean() < 0.07:
            return False
        shares = color_shares(self.pixels[flags])
        return sum(shares[COLORS.index(color)] for color in colors) > share and shares[COLORS.index(colors[0])] > share / 2

    @functools.cached_property
    def parts(self):
        """How many large separate parts the mask has (by a coarse flood), and None without a mask."""
        if self.mask is None:
            return None
        height, width = (side // 5 for side in self.mask.shape)
        coarse = self.mask[:height * 5, :width * 5].reshape(height, 5, width, 5).mean((1, 3)) > 0.3
        sizes, seen = [], numpy.zeros_like(coarse)
        for start in zip(*numpy.nonzero(coarse)):
            if seen[start]:
                continue
            stack, size = [start], 0
            seen[start] = True
            while stack:
                y, x = stack.pop()
                size += 1
                for row in range(max(y - 1, 0), min(y + 2, height)):
                    for column in range(max(x - 1, 0), min(x + 2, width)):
                        if coarse[row, column] and not seen[row, column]:
                            seen[row, column] = True
                            stack.append((row, column))
            sizes.append(size)
        return sum(size > 0.15 * sum(sizes) for size in sizes)


class Judge:
    def __init__(self):
        self.nouns = Nouns()
        self.places = self.nouns.places_of_ade20k()
        self.seen_by_classifiers = {name for concept in self.nouns.imagenet.values() for name in concept.names}

    def folder(self, row):
        for name in (row["folder"], row["file"].partition("_")[0]):
            if name in self.nouns.folders:
                return self.nouns.folders[name]
        return None

    def evidence(self, row, boxes):
        """{noun: {source: how sure}}"""
        found = collections.defaultdict(lambda: collections.defaultdict(float))
        for source in ("lite3", "lite2"):
            for index, probability in row[source]:
                if index in self.nouns.imagenet:
                    for name in self.nouns.imagenet[index].names:
                        found[name][source] += probability
        for number, score, *_ in boxes:
            for name in self.nouns.coco[number].names:
                found[name]["box"] = max(found[name]["box"], score)
        folder = self.folder(row)
        if folder:
            for name in folder.names:
                found[name]["folder"] = 1
        return found

    def is_agreed(self, name, by, place, size):
        lite3, lite2, box, folder = by["lite3"], by["lite2"], by["box"], by["folder"]
        either = max(lite3, lite2)
        if folder and (either >= WITH_FOLDER or box >= BOX_WITH_CLASSIFIER):
            return True
        if min(lite3, lite2) >= BOTH_CLASSIFIERS and lite3 + lite2 >= THEIR_SUM:
            return True
        if either >= WITH_BOX and box >= BOX_WITH_CLASSIFIER:
            return True
        if box >= BOX_WITH_HINT and (either >= HINT or name in HINTED_BY_PLACE.get(place, ())):
            return True
        if name == "person":
            return box >= PERSON_ALONE
        if name in NEEDS_PERSON:
            return False
        # What ImageNet knows and neither classifier sees is rarely there: the detector calls frogs birds and dahlias vases.
        if name in self.seen_by_classifiers and (self.nouns.kinds[name] in ("animal", "food") or size >= LARGE_BOX):
            return box >= BOX_ALONE and either >= CLASS_OF_LARGE_BOX
        return box >= BOX_ALONE

    def place_of(self, row):
        match = re.fullmatch(r"ADE_val_(\d+)\..*", row["file"])
        return self.places.get(int(match[1])) if match else None

    def facts(self, row, photo):
        boxes = apart(row["boxes"])
        place = self.place_of(row)
        place_is_known = place is not None
        found = self.evidence(row, boxes)
        sizes = collections.defaultdict(float)
        for box in boxes:
            for name in self.nouns.coco[box[0]].names:
                sizes[name] = max(sizes[name], area(box[2:]))
        agreed = {name for name, by in found.items() if self.is_agreed(name, by, place, sizes[name])}
        if "person" in agreed:
            agreed |= {name for name in NEEDS_PERSON & set(found) if found[name]["box"] >= (FRISBEE if name == "frisbee" else WITH_PERSON)}
        wide = set().union(*(self.nouns.wider[name] for name in agreed)) if agreed else set()
        narrow = {name for name in agreed if name not in wide and name not in NOT_SAID}
        things = [self.thing(name, found[name], boxes, photo) for name in sorted(narrow)]
        things = self.one_name_each([thing for thing in things if thing and not (place and thing.kind == "place")], found)
        if not place:
            place = self.guess_place({thing.noun for thing in things})
        all_boxes = [box[2:] for box in boxes]
        outdoors = any(thing.kind in ("vehicle", "place") or thing.noun in OUTDOORS for thing in things)
        background = photo.background(all_boxes) if things and not outdoors else None
        facts = Facts(things, place, place_is_known, background, None, set(found))
        if not background and not place:
            facts.setting = self.setting(things, photo, all_boxes)
        return facts

    def thing(self, name, by, boxes, photo):
        wider = [other for other in self.chain(name) if other != name]
        number = next((self.nouns.coco_names[other] for other in [name, *wider] if other in self.nouns.coco_names), None)
        own = [box for box in boxes if box[0] == number]
        sure = [box for box in own if box[1] >= COUNTED]
        unsure = [box for box in own if UNSURE <= box[1] < COUNTED]
        kind = self.nouns.kinds[name]
        is_species = kind == "animal" or name in self.nouns.coco_names
        parts = photo.parts
        is_exact, count = False, None
        if sure and (is_species or len(sure) == 1):
            count = len(sure)
            if unsure and count > 1:
                count = 0
            is_exact = not unsure and all(area(box[2:]) >= SMALLEST_COUNTED for box in own)
            if parts is not None and parts > count > 0 or count == 1 and unsure:
                is_exact = False
        elif sure:
            return None  # of several cars one may be the taxi: the wider noun is said instead, if it is agreed on
        if name == "person" and max((area(box[2:]) for box in sure), default=0) < 0.004:
            return None
        places = [box[2:] for box in sure]
        size = max((area(box) for box in places), default=float(photo.mask.mean()) if photo.mask is not None else 0.2)
        color = None
        if name in COLORED and kind != "person" and (count == 1 or count is None and parts == 1):
            color = photo.color_of(places)
        sources = tuple(sorted(source for source, score in by.items() if score))
        return Thing(name, kind, wider, count, is_exact, places, size, color, sources)

    @staticmethod
    def one_name_each(things, found):
        """Without second names of a thing: a van that the detector calls a bus, a fig that looks like an apple."""
        kept = []
        for thing in sorted(things, key=lambda thing: -sum(found[thing.noun].values())):
            for other in kept:
                if thing.kind != other.kind or thing.kind in ("person", "place"):
                    continue
                if not thing.boxes or not other.boxes:
                    with_box = thing if thing.boxes else other
                    if thing.kind == "thing" and with_box.boxes and with_box.area >= LARGE_BOX and "box" in with_box.sources and len(
                            with_box.sources) == 1:
                        break  # a parachute that the detector calls a kite
                    if thing.kind in ("animal", "vehicle", "food", "instrument", "plant") or not thing.boxes and not other.boxes:
                        break
                elif any(overlap(a, b) / min(area(a), area(b)) > SAME_THING and overlap(a, b) / max(area(a), area(b)) > SAME_THING
                         for a in thing.boxes for b in other.boxes):
                    break
            else:
                kept.append(thing)
        return kept

    def chain(self, name):
        for concept in [*self.nouns.coco.values(), *self.nouns.imagenet.values(), *self.nouns.folders.values()]:
            if name in concept.names:
                return concept.names[concept.names.index(name):]
        return [name]

    @staticmethod
    def guess_place(names):
        if "toilet" in names or {"bathtub", "sink"} <= names:
            return "bathroom"
        if len(names & {"oven", "refrigerator", "microwave", "sink", "dishwasher", "stove"}) >= 2:
            return "kitchen"
        if {"couch", "tv"} <= names:
            return "living room"
        if "bed" in names and len(names & {"pillow", "lamp", "tv", "chair", "wardrobe", "dresser", "quilt"}) >= 1:
            return "bedroom"
        return None

    @staticmethod
    def setting(things, photo, boxes):
        if not things or photo.mask is None and not boxes:
            return None
        names = {thing.noun for thing in things}
        if names & FLYING:
            return {"blue": "blue sky", "any": "sky"}.get(photo.is_sky(boxes))
        if names & GROUND_ANIMALS and photo.is_below(boxes, ("green", "yellow"), 0.75):
            return "grass"
        if names & FLOATING and photo.is_below(boxes, ("blue",), 0.6):
            return "water"
        return None
