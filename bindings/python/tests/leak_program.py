"""Calls everything once, and then COUNT times more: leak_program.py COUNT (test_leaks.py looks at what it leaves)."""

import gc
import sys

import numpy as np
from conftest import ROOT

import blip_cpp

TASKS = ROOT / "tests/tasks/data"


def fails(call, *arguments, **keywords):
    """Errors come with objects of their own."""
    try:
        call(*arguments, **keywords)
    except (ValueError, OSError, NotImplementedError, RuntimeError):
        return
    raise AssertionError("no error")


def stop(*_):
    raise RuntimeError("stop")


def everything():
    photo = (ROOT / "examples/photos/cat.jpg").read_bytes()
    array = np.zeros((40, 30, 3), dtype=np.uint8)
    name = str(ROOT / "tests/models/nano")
    processor, model = (each.from_pretrained(name) for each in (
        blip_cpp.BlipProcessor, blip_cpp.BlipForConditionalGeneration))
    inputs = processor(images=[photo, array, array[:, ::-1]], return_tensors="np")
    heard = []
    ids = model.generate(**inputs, num_beams=2, max_new_tokens=4, on_token=lambda *token: heard.append(token))
    processor.batch_decode(ids, skip_special_tokens=True)
    fails(model.generate, **inputs, on_token=stop)
    fails(model.generate, **inputs, num_beans=1)
    fails(model.generate, inputs["pixel_values"][:, :2])
    fails(processor, images=photo[:1000])
    fails(blip_cpp.BlipForQuestionAnswering.from_pretrained, name)
    fails(blip_cpp.BlipProcessor.from_pretrained, "/no/such/model")

    processor, model = (each.from_pretrained(TASKS / "vqa") for each in (
        blip_cpp.BlipProcessor, blip_cpp.BlipForQuestionAnswering))
    inputs = processor(images=array, text="what is it?", return_tensors="np")
    model.generate(**inputs)
    model.rank_answers(inputs["input_ids"], inputs["pixel_values"], [processor.tokenizer.encode(each) for each in ("yes", "no")])

    for kind, directory in ((blip_cpp.BlipForImageTextRetrieval, "itm"), (blip_cpp.BlipModel, "blip")):
        processor, model = blip_cpp.BlipProcessor.from_pretrained(TASKS / directory), kind.from_pretrained(TASKS / directory)
        model(**processor(images=array, text=["a cat", "a dog"], padding=True, return_tensors="np"))
    blip_cpp.pipeline("image-classification", model=TASKS / "classifier")(array)


def main():
    everything()
    for _ in range(int(sys.argv[1])):
        everything()
    gc.collect()
    print("done", blip_cpp.__version__)


if __name__ == "__main__":
    main()
