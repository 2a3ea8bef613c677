"""What is asked, and of whom."""

import dataclasses

TOKENS = 10
PHOTOS_IN_BATCH = 8
# Which requests a size of model gets.
FAMILY_OF_SIZE = {"tiny": "blip", "small": "blip", "base": "blip", "large": "blip",
                  "clip-tiny": "clip", "clip-b32": "clip", "clip-l14": "clip",
                  "dalle-small": "dalle", "dalle-mini": "dalle"}


@dataclasses.dataclass(frozen=True)
class Request:
    """`kind` as bench/timed_requests.cpp has it, or "process": a program from its start to its end.
    `model`: the directory of it, see models.py."""
    name: str
    title: str
    kind: str
    model: str = "caption"
    photos: int = 1
    beams: int = 1
    rounds: int | None = None  # fewer than the others, because it takes long
    family: str = "blip"


REQUESTS = (
    Request("cold", "a program's start to its first caption", "process"),
    Request("greedy", "caption, greedy", "caption"),
    Request("beam3", "caption, 3 beams", "caption", beams=3),
    Request("batch8", "8 captions together, greedy", "caption", photos=PHOTOS_IN_BATCH),
    Request("vqa", "an answer to a question", "vqa", model="vqa"),
    Request("itm", "1 image matched with 100 texts", "itm", model="itm"),
    Request("vision", "the vision tower alone", "vision"),
    Request("folder", "a folder of mixed photos, captioned", "process", rounds=1),
    Request("image", "the image tower, 1 photo", "embed_images", model="clip", family="clip"),
    Request("image8", "the image tower, 8 photos", "embed_images", model="clip",
            photos=PHOTOS_IN_BATCH, family="clip"),
    Request("text", "the text tower, 100 texts", "embed_texts", model="clip", family="clip"),
    Request("labels", "1 photo and 1,000 labels", "labels", model="clip", rounds=3, family="clip"),
    Request("embed", "a folder of photos of some 640 pixels, embedded", "process", model="open_clip",
            rounds=3, family="clip"),
    Request("draw", "a picture", "draw", model="dalle", rounds=2, family="dalle"),
    Request("draw9", "9 pictures", "draw", model="dalle", photos=9, rounds=1, family="dalle"),
)


def requests_of(size):
    return [request for request in REQUESTS if request.family == FAMILY_OF_SIZE[size]]


@dataclasses.dataclass(frozen=True)
class Contender:
    """`engine` and `variant` as runners.py has them; for blip.cpp the variant is its dtype. An exact
    one computes in float32 and must give what the reference gives; of others the difference is
    told."""
    name: str
    engine: str
    variant: str
    exact: bool = False


# Everything is measured against this one, and every output compared with the reference's.
OURS = Contender("blip.cpp f32", "blip", "f32", exact=True)
REFERENCE = Contender("transformers f32", "transformers", "f32", exact=True)

OURS_REDUCED = (Contender("blip.cpp f16", "blip", "f16"),
                Contender("blip.cpp int8", "blip", "int8"))
# What `blip convert` made of the checkpoint once: a program that starts with it has nothing to quantise.
CONVERTED = Contender("blip.cpp int8, converted", "blip", "int8+converted")
TORCH_BY_HAND = (
    Contender("transformers f32, fused attention", "transformers", "f32+sdpa", exact=True),
    Contender("transformers f32, compiled", "transformers", "f32+sdpa+compiled", exact=True),
    Contender("transformers bf16", "transformers", "bf16+sdpa"),
    Contender("transformers bf16, compiled", "transformers", "bf16+sdpa+compiled"),
    Contender("transformers int8 (dynamic)", "transformers", "int8+sdpa"))
TOWERS_ONLY = (
    Contender("ONNX Runtime f32", "onnxruntime", "f32", exact=True),
    Contender("ONNX Runtime int8 (dynamic)", "onnxruntime", "int8"),
    Contender("OpenVINO f32", "openvino", "f32", exact=True),
    Contender("OpenVINO, its default", "openvino", "default"),
    Contender("OpenVINO int8 (NNCF)", "openvino", "int8"),
    Contender("OpenVINO int8 weights", "openvino", "weights8"))
# CLIP has fused attention by itself.
CLIP_BY_HAND = (
    Contender("transformers f32, compiled", "transformers", "f32+compiled", exact=True),
    Contender("transformers bf16", "transformers", "bf16"),
    Contender("transformers int8 (dynamic)", "transformers", "int8"))
OPEN_CLIP = Contender("open_clip f32", "open_clip", "f32", exact=True)
OPEN_CLIP_BF16 = Contender("open_clip bf16", "open_clip", "bf16")
MIN_DALLE = Contender("min-dalle f32", "min_dalle", "f32")
MIN_DALLE_BF16 = Contender("min-dalle bf16", "min_dalle", "bf16")
ONE_BY_ONE = Contender("transformers f32, a pass per text", "transformers", "f32+separate",
                       exact=True)


def reference(request):
    """The one whose output everybody's is compared with: a folder is embedded by open_clip's loader,
    because transformers has none. Both read open_clip's layout, whose pictures are cut half a pixel
    from where transformers cuts them."""
    if request.family == "dalle":
        return MIN_DALLE
    return OPEN_CLIP if request.name == "embed" else REFERENCE


def contenders(request, dtypes):
    """In the order in which they take turns. dtypes: those that this build of blip.cpp has."""
    ours = [OURS] + [one for one in OURS_REDUCED if one.variant in dtypes]
    if request.family == "clip":
        return ours + clip_peers(request)
    if request.family == "dalle":
        return ours + [MIN_DALLE, MIN_DALLE_BF16]
    if request.kind == "process":
        converted = [CONVERTED] if "int8" in dtypes else []
        return [one for one in ours if one.variant != "f16"] + converted + [REFERENCE]
    theirs = [REFERENCE, *TORCH_BY_HAND]
    if request.kind == "itm":
        theirs.append(ONE_BY_ONE)
    if request.kind == "vision":
        theirs += TOWERS_ONLY
    return ours + theirs


def clip_peers(request):
    if request.kind == "process":
        return [OPEN_CLIP]
    theirs = [REFERENCE, *CLIP_BY_HAND, OPEN_CLIP, OPEN_CLIP_BF16]
    return theirs + list(TOWERS_ONLY)


def worker_request(request, contender, directory, inputs, threads, out):
    """The file that a worker reads, whichever side it is on."""
    asked = {"kind": request.kind, "threads": threads, "beams": request.beams, "tokens": TOKENS,
             "out": str(out)}
    if contender.engine == "blip":
        texts = inputs.get({"vqa": "questions", "itm": "texts", "embed_texts": "texts",
                            "labels": "labels"}.get(request.kind), [])
        return {**asked, "model": str(directory / request.model), "dtype": contender.variant,
                "images": inputs["photos"][:request.photos], "texts": texts,
                "prompt": inputs.get("prompt", []), "pictures": request.photos}
    return {**asked, "engine": contender.engine, "variant": contender.variant,
            "directory": str(directory), "photos": request.photos}
