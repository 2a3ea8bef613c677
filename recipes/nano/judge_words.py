"""The words that name COCO's categories."""
import re

# How a question calls a category whose own name is not what people say.
SPOKEN = {"dining table": "table", "sports ball": "ball", "hair drier": "hair dryer", "potted plant": "plant"}
# A caption names a category by its name or by one of these; a word with * by all words that begin so.
WORDS = {
    "person": "people man men woman women boy* girl* child children kid* baby lady ladies guy* player* skateboarder* snowboarder* surfer* skier* rider* group crowd "
              "family couple adult* toddler* person's biker* cyclist* motorcyclist* someone",
    "bicycle": "bike* bicyc* cyclist*", "car": "cars taxi* cab van suv jeep automobile* sedan convertible limousine*", "motorcycle": "motorcycl* motorbike* scooter* moped*",
    "airplane": "plane* airplane* jet jets aircraft airliner*", "bus": "buses", "train": "trains locomotive* tram* trolley*", "truck": "trucks pickup* van lorry",
    "boat": "boats ship* sailboat* canoe* kayak* ferry yacht* raft*", "traffic light": "stoplight* stop-light traffic light*", "fire hydrant": "hydrant*",
    "stop sign": "stop sign*", "parking meter": "meter*", "bench": "benches", "bird": "birds gull* seagull* duck* goose geese pigeon* parrot* eagle* owl* swan* parakeet* "
                                                                             "flamingo* heron* pelican* crane* penguin* chicken* rooster* hawk*",
    "cat": "cats kitten* kitty", "dog": "dogs puppy puppies", "horse": "horses pony ponies foal", "sheep": "lamb* ram rams ewe", "cow": "cows cattle bull* calf calves ox oxen",
    "elephant": "elephants", "bear": "bears", "zebra": "zebras", "giraffe": "giraffes", "backpack": "backpacks", "umbrella": "umbrellas parasol*", "handbag": "bag bags purse* handbags",
    "tie": "ties necktie* bowtie", "suitcase": "suitcases luggage bag bags", "frisbee": "frisbees disc", "skis": "ski skis skiing skier* skies", "snowboard": "snowboard*",
    "sports ball": "ball balls baseball football basketball volleyball", "kite": "kites", "baseball bat": "bat bats", "baseball glove": "glove* mitt", "skateboard": "skateboard*",
    "surfboard": "surf*", "tennis racket": "racket* racquet*", "bottle": "bottles", "wine glass": "glass glasses wine", "cup": "cups mug* glass coffee", "fork": "forks",
    "knife": "knives", "spoon": "spoons", "bowl": "bowls dish", "banana": "bananas", "apple": "apples", "sandwich": "sandwiches burger* hamburger* sub", "orange": "oranges",
    "broccoli": "", "carrot": "carrots", "hot dog": "hotdog* hot dog*", "pizza": "pizzas", "donut": "donuts doughnut*", "cake": "cakes cupcake*", "chair": "chairs armchair* seat*",
    "couch": "couches sofa* loveseat", "potted plant": "plant plants flower* potted", "bed": "beds", "dining table": "table tables desk*", "toilet": "toilets commode", "tv": "tvs television* "
    "screen* monitor*", "laptop": "laptops computer* notebook", "mouse": "mouses mice", "remote": "remotes controller*", "keyboard": "keyboards", "cell phone": "phone* cellphone*",
    "microwave": "microwaves", "oven": "ovens stove*", "toaster": "toasters", "sink": "sinks", "refrigerator": "refrigerators fridge* icebox", "book": "books", "clock": "clocks",
    "vase": "vases", "scissors": "scissor", "teddy bear": "teddy bear* stuffed", "hair drier": "hair dryer*", "toothbrush": "toothbrushes"}


def pattern(category):
    phrases = [category]
    tokens = WORDS.get(category, "").split()
    joined = {"traffic light*", "stop sign*", "hot dog*", "teddy bear*", "hair dryer*"}
    while tokens:
        if len(tokens) > 1 and f"{tokens[0]} {tokens[1]}" in joined:
            phrases.append(f"{tokens.pop(0)} {tokens.pop(0)}")
        else:
            phrases.append(tokens.pop(0))
    return re.compile(r"\b(?:" + "|".join(re.escape(phrase).replace(r"\*", r"\w*") for phrase in phrases) + r")\b")


def names(caption, category):
    return bool(pattern(category).search(caption.lower()))
