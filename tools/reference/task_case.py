"""One model of parity_tasks.py: what it is made of, which images and texts it sees."""

import pathlib
import random
import shutil

import torch
from PIL import Image
from transformers import BertTokenizer, BlipImageProcessorPil

import random_models
from decoding import BEAMS, GREEDY
from probe_runner import Line, TaskProbe

ROOT = pathlib.Path(__file__).resolve().parents[2]
SMALL = ("tiny", "odd", "small")
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16,
         "i8": torch.float32}  # made int8 when it is loaded


def sentences(config, count, longest, seed=5):
    """Texts of `config`'s vocabulary: 1 … `longest` words, some marks of which the original style strips
    some, the last text of `longest` words."""
    source = random.Random(seed)
    words = [t for t in random_models.vocabulary(config.text_config.vocab_size)[31:]
             if not t.startswith("##")]
    texts = []
    for index in range(count):
        length = longest if index == count - 1 else source.randint(1, max(2, longest // 3))
        text = " ".join(source.choice(words) for _ in range(length))
        texts.append({0: text + "?", 1: text.upper() + ".", 2: f"({text}) #1"}.get(index % 4, text))
    return texts


class Case:
    """A model to be made, the images it sees, and where it is compared."""

    def __init__(self, arguments, work, task, name, weight_type="f32", image_size=0):
        self.binary = arguments.build / "tools" / "reference" / "probe_tasks"
        self.work, self.task, self.weight_type = work, task, weight_type
        self.image_size, self.threads = image_size, arguments.threads
        size, *one_width = name.split(", ")
        self.values = random_models.SIZES[size]
        if one_width:  # which transformers' own answer decoder needs
            text = self.values["text"]
            self.values = dict(self.values, vision=dict(
                self.values["vision"], hidden_size=text["hidden_size"],
                num_attention_heads=text["num_attention_heads"]))
        photos = sorted((ROOT / "examples" / "photos").glob("*.jpg"))
        plain = weight_type == "f32" and not image_size
        self.photos = photos[:4 if plain and size in SMALL else 2]
        # The decoder of large is that of base; everything once is enough.
        thorough = plain and size != "large"
        self.settings = GREEDY + BEAMS if thorough else GREEDY[:3] + BEAMS[:3]
        self.texts = 8 if thorough else 4
        self.directory = work / "model"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.line = Line(name + (f" at {image_size} px" if image_size else ""), task, weight_type)

    def prepare(self, config):
        """The files of the processor. → pixel values and tokenizer"""
        random_models.save_processor(self.directory, config)
        processor = BlipImageProcessorPil.from_pretrained(self.directory)
        if self.image_size:
            processor.size = {"height": self.image_size, "width": self.image_size}
        images = [Image.open(photo).convert("RGB") for photo in self.photos]
        return (processor(images=images, return_tensors="pt")["pixel_values"],
                BertTokenizer.from_pretrained(self.directory))

    def save(self, model):
        """→ the model with its weights as they were rounded"""
        model.to(TYPES[self.weight_type]).save_pretrained(self.directory)
        return model.to(torch.float32)

    def probe(self):
        return TaskProbe(self.binary, self.directory, self.task, self.photos, self.work / "out",
                         image_size=self.image_size, threads=self.threads)

    def encode(self, oracle, pixels):
        return oracle.vision.encode(pixels, interpolate=bool(self.image_size))
