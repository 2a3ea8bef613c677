"""Questions with one-word answers from captions, by the rules of COCO-QA (Ren, Kiros, Zemel 2015): object, number, colour and location.

The paper turns syntax trees around. Here a few patterns find the parts of a sentence (who, does what, to what, where), which is enough
for captions: sentences that fit no pattern give no question. An answer that other captions of the photo contradict is left out.
"""
import re

NUMBERS = {"two": "two", "three": "three", "four": "four", "five": "five", "six": "six", "2": "two", "3": "three", "4": "four", "5": "five"}
COLORS = {"black", "white", "brown", "red", "blue", "green", "yellow", "orange", "pink", "purple", "gray", "grey", "tan", "gold", "silver"}
SAME_COLOR = {"grey": "gray"}
DETERMINERS = {"a", "an", "the", "one", "some", "his", "her", "their", "its", "another", "this"}
PEOPLE = {"man", "woman", "boy", "girl", "child", "person", "men", "women", "boys", "girls", "children", "people", "baby", "guy", "lady", "kid",
          "kids", "toddler", "player", "skateboarder", "snowboarder", "surfer", "skier", "biker", "cyclist", "climber", "hiker", "rider",
          "couple", "group", "family", "crowd", "players", "adult", "adults", "bride", "cowboy", "teenager", "runner", "racer", "swimmer"}
PLACES = {"water", "beach", "snow", "grass", "field", "street", "park", "pool", "mountain", "air", "ocean", "lake", "river", "sidewalk", "road",
          "sand", "yard", "woods", "forest", "bench", "couch", "bed", "hill", "ground", "rock", "wall", "track", "swing", "city", "playground",
          "lawn", "court", "ramp", "cliff", "slide", "trampoline", "boat", "stage", "kitchen", "table", "chair", "floor", "restaurant",
          "backyard", "path", "desert", "bridge", "dirt", "mud", "ice", "trail", "tree", "bus", "train", "car", "store", "room", "wave", "pond",
          "stairs", "fountain", "dock", "shore", "stadium", "house", "building", "parking", "fence", "log", "puddle", "slope", "rocks", "sea"}
THINGS = {"ball", "stick", "frisbee", "toy", "bike", "bicycle", "skateboard", "surfboard", "guitar", "camera", "rope", "horse", "hat", "shirt", "jacket",
          "helmet", "dress", "sunglasses", "book", "umbrella", "bag", "motorcycle", "boat", "kayak", "canoe", "flag", "sign", "cigarette", "drink", "bottle",
          "cup", "bird", "cat", "cow", "sheep", "duck", "rabbit", "fish", "leash", "sled", "scooter", "swing", "slide", "wave", "hoop",
          "snowboard", "microphone", "backpack", "purse", "football", "basketball", "tennis", "soccer", "baseball", "hockey", "volleyball", "rugby",
          "cake", "pizza", "food", "ice", "balloon", "kite", "phone", "cellphone", "newspaper", "coat", "uniform", "glasses", "goggles", "suit", "cap",
          "bubbles", "racket", "bat", "car", "truck", "bus", "train", "hurdle", "branch", "log", "raft", "jeep", "tire", "rock", "wall", "tree",
          "mountain", "instrument", "violin", "drum", "drums", "costume", "skirt", "scarf", "vest", "sweater", "shorts", "jeans", "unicycle", "flowers",
          "flower", "baby", "dog", "puppy", "disc", "unicycle", "trampoline", "cart", "wheelchair", "stroller", "apple", "banana", "sandwich"}
ANIMALS = {"dog", "dogs", "puppy", "puppies", "cat", "cats", "horse", "horses", "bird", "birds", "cow", "cows", "duck", "ducks", "greyhound", "greyhounds",
           "monkey", "bull", "sheep", "goat", "animal", "animals", "poodle", "seagull", "seagulls", "elephant", "pigeons", "geese", "bear", "fish", "deer"}
VEHICLES = {"car", "truck", "bus", "train", "boat", "motorcycle", "bike", "bicycle", "jeep", "airplane", "plane", "boats", "cars", "van", "helicopter"}
SUBJECTS = PEOPLE | ANIMALS | VEHICLES
PLURALS = {"men", "women", "boys", "girls", "children", "people", "kids", "players", "adults", "dogs", "puppies", "cats", "horses", "birds", "cows",
           "ducks", "greyhounds", "animals", "seagulls", "pigeons", "geese", "boats", "cars"}
ANSWERS = {"puppy": "dog", "puppies": "dogs", "bike": "bike", "guy": "man", "lady": "woman", "cellphone": "phone", "greyhound": "dog", "poodle": "dog"}
NOT_VERBS = {"string", "building", "during", "something", "nothing", "evening", "morning", "clothing", "ring", "swing", "wing", "king", "railing", "spring",
             "wedding", "painting", "bathing", "swimming", "parking", "shopping", "amusement", "setting", "sing", "wrestling", "racing", "ceiling"}
SINGULAR_VERBS = {"runs": "running", "jumps": "jumping", "plays": "playing", "stands": "standing", "sits": "sitting", "rides": "riding", "walks": "walking",
                  "holds": "holding", "climbs": "climbing", "swims": "swimming", "leaps": "leaping", "carries": "carrying", "wears": "wearing",
                  "catches": "catching", "chases": "chasing", "throws": "throwing", "kicks": "kicking", "eats": "eating", "drinks": "drinking",
                  "looks": "looking", "watches": "watching", "lies": "lying", "lays": "laying", "skis": "skiing", "surfs": "surfing", "pulls": "pulling",
                  "pushes": "pushing", "hits": "hitting", "bites": "biting", "performs": "performing", "reads": "reading", "smokes": "smoking"}
PLURAL_VERBS = {"run": "running", "jump": "jumping", "play": "playing", "stand": "standing", "sit": "sitting", "ride": "riding", "walk": "walking",
                "hold": "holding", "climb": "climbing", "swim": "swimming", "carry": "carrying", "wear": "wearing", "chase": "chasing", "eat": "eating",
                "look": "looking", "watch": "watching", "lie": "lying", "pose": "posing", "race": "racing", "fight": "fighting"}
SECOND_VERBS = set(SINGULAR_VERBS) | {"snowboards", "skateboards", "points", "has", "takes", "makes", "poses", "smiles", "waits", "tries"} - {"jumps", "runs", "looks"}
WITH_OBJECT = {"wearing", "holding", "carrying", "chasing", "catching", "throwing", "kicking", "pulling", "pushing", "hitting", "biting", "looking",
               "watching", "reading", "eating", "drinking", "chewing", "having", "taking", "making", "getting", "using", "performing", "doing"}
WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z]+)*|,")


def words_of(caption):
    return WORD.findall(caption.lower().replace("t-shirt", "shirt"))


def noun_phrase(words, start, nouns):
    """(end, adjectives, noun) of "a brown dog" from start on, whose noun is among nouns; or nothing."""
    position, adjectives = start, []
    while position < len(words) and position - start < 5:
        word = words[position]
        if word in nouns and not (position + 1 < len(words) and words[position + 1] in nouns | THINGS):
            return position + 1, adjectives, word
        if word in (",", "in", "on", "of", "with", "and", "is", "are", "at", "to", "that", "who", "through", "over", "from", "by", "while"):
            return None
        adjectives.append(word)
        position += 1
    return None


def verb_at(words, position):
    """(position after it, "running") of "is running", "runs", "run" or "running"."""
    if position < len(words) and words[position] in ("is", "are"):
        position += 1
    if position >= len(words):
        return None
    word = words[position]
    if word.endswith("ing") and word not in NOT_VERBS:
        return position + 1, word
    verb = SINGULAR_VERBS.get(word) or PLURAL_VERBS.get(word)
    return (position + 1, verb) if verb else None


def first_clause(words, start):
    """Words up to a comma or a joining word."""
    end = start
    while end < len(words) and words[end] not in (",", "and", "while", "as", "who", "that", "which", "when", "whilst", "but"):
        end += 1
    return words[start:end]


def place_in(words):
    """The place that a clause tells: (preposition, place) of "through the deep snow"."""
    for position, word in enumerate(words):
        if word in ("in", "on", "at", "through", "across", "down", "along", "into", "over") and words[position + 1:]:
            phrase = noun_phrase(words, position + 1, PLACES)
            if phrase and (phrase[0] == len(words) or words[phrase[0]] not in ("of", "'s")):
                return word, phrase[2]
    return None


class Caption:
    """What a caption says about its subject: noun, adjectives, number, verb, object, place."""

    def __init__(self, text):
        self.words = words = words_of(text)
        self.subject = self.number = self.verb = self.object = self.place = None
        self.adjectives, self.rest = [], []
        start = 0
        if words[:2] == ["there", "is"] or words[:2] == ["there", "are"]:
            start = 2
        if start < len(words) and words[start] in NUMBERS:
            self.number, start = NUMBERS[words[start]], start + 1
        elif start < len(words) and words[start] in DETERMINERS:
            start += 1
        phrase = noun_phrase(words, start, SUBJECTS)
        if not phrase:
            return
        position, self.adjectives, self.subject = phrase
        if position < len(words) and words[position] in ("and", "of", ","):
            self.subject = None
            return
        # "a man in a red shirt is riding": what lies between is passed over, and keeps its place out of the question.
        while position < len(words) and not verb_at(words, position):
            if words[position] in (",", "and", "who", "that", "while"):
                return
            position += 1
        found = verb_at(words, position)
        if not found:
            return
        position, self.verb = found
        self.rest = first_clause(words, position)
        if self.rest and self.rest[0] in DETERMINERS and self.rest[0] != "their":
            phrase = noun_phrase(self.rest, 1, THINGS)
            if phrase and phrase[2] not in PLACES - THINGS:
                self.object = phrase[2]
        elif self.verb == "playing" and self.rest and self.rest[0] in THINGS:
            self.object = self.rest[0]
        found = place_in(self.rest)
        if found:
            self.place = found[1]

    @property
    def be(self):
        return "are" if self.subject in PLURALS else "is"

    @property
    def rest_is_simple(self):
        """Whether no second verb follows: "wearing a collar sits next to a bench" is no question's end."""
        return bool(self.rest) and len(self.rest) <= 8 and not any(word in ("is", "are") or word in SECOND_VERBS for word in self.rest)


def colored_things(words):
    """(colour, noun) of "a red ball", without "black and white dog"."""
    for position, word in enumerate(words[:-1]):
        if word in COLORS and words[position + 1] in THINGS | ANIMALS | VEHICLES:
            before = words[position - 1] if position else ""
            after = words[position + 2] if position + 2 < len(words) else ""
            if before not in COLORS | {"and", "light", "dark", "bright", "-"} and after not in THINGS | PLACES | {"player", "players"}:
                yield SAME_COLOR.get(word, word), words[position + 1]


def questions(captions, choose):
    """[(kind, question, answer)] of one photo's captions. choose(list) picks one."""
    parsed = [Caption(text) for text in captions]
    colors, numbers, made = {}, {}, []
    for caption in parsed:
        for color, noun in colored_things(caption.words):
            colors.setdefault(noun, set()).add(color)
        if caption.subject and caption.number:
            numbers.setdefault(caption.subject, set()).add(caption.number)
    for noun, found in colors.items():
        if len(found) == 1:
            be = "are" if noun in PLURALS or noun in ("sunglasses", "goggles", "shorts", "jeans", "flowers", "glasses") else "is"
            made.append(("color", choose([f"what color {be} the {noun}?", f"what is the color of the {noun}?"]), next(iter(found))))
    for noun, found in numbers.items():
        if len(found) == 1 and noun in PLURALS:
            verbs = [" ".join([caption.verb, *caption.rest]) for caption in parsed if caption.subject == noun and caption.verb and caption.number]
            shapes = [f"how many {noun} are there?", f"how many {noun} are in the picture?"] + [f"how many {noun} are {verb}?" for verb in verbs[:1]]
            made.append(("number", choose(shapes), next(iter(found))))
    for caption in parsed:
        if not caption.subject or not caption.verb:
            continue
        subject, rest = caption.subject, " ".join(caption.rest)
        if any(word in COLORS for word in caption.rest) and len(caption.rest) > 8:
            continue
        if caption.rest_is_simple and subject not in PLURALS and not caption.number:
            who = "who" if subject in PEOPLE else "what"
            made.append(("object", f"{who} is {caption.verb} {rest}?", ANSWERS.get(subject, subject)))
        if caption.object and caption.object not in (subject,):
            made.append(("object", f"what {caption.be} the {subject} {caption.verb}?", ANSWERS.get(caption.object, caption.object)))
        if caption.place:
            shapes = [f"where {caption.be} the {subject}?"]
            if caption.verb not in WITH_OBJECT and not caption.object:
                shapes.append(f"where {caption.be} the {subject} {caption.verb}?")
            made.append(("location", choose(shapes), caption.place))
    unique = {}
    for kind, question, answer in made:
        unique.setdefault(question, set()).add((kind, answer))
    return [(kind, question, answer) for question, found in unique.items() if len(found) == 1 for kind, answer in found]
