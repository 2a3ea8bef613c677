"""The scripts of the model cards with one import changed: the same ids and texts as transformers, scores within 2e-4.

Models have random weights, of the size BLIP_CPP_TEST_SIZE: "small" unless told, "base" for those of the cards.
"""

import os

import numpy as np
import pytest
from PIL import Image

import blip_cpp

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from conftest import ROOT  # noqa: E402

import sys  # noqa: E402

sys.path.insert(0, str(ROOT / "tools/reference"))
random_models = pytest.importorskip("random_models")

SIZE = os.environ.get("BLIP_CPP_TEST_SIZE", "small")


def both(directory, name):
    """A class of each library, from one directory."""
    return (getattr(transformers, name).from_pretrained(directory),
            getattr(blip_cpp, name).from_pretrained(directory))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


def saved(work, kind, make):
    directory = work / kind
    if not directory.exists():
        model = make(dict(random_models.SIZES[SIZE]), seed=3)
        model.save_pretrained(directory)
        random_models.save_processor(directory, model.config)
    return directory


def test_captioning_card(work, photos):
    directory = work / "captioning"
    random_models.save(SIZE, directory, seed=1)
    theirs, ours = both(directory, "BlipForConditionalGeneration")
    reference, processor = both(directory, "BlipProcessor")
    for photo in photos:
        image = Image.open(photo).convert("RGB")
        for text in (None, "a photography of"):
            expected = reference(images=image, text=text, return_tensors="pt")
            inputs = processor(images=image, text=text, return_tensors="pt")
            assert torch.equal(inputs["pixel_values"], expected["pixel_values"])
            if text:
                assert torch.equal(inputs["input_ids"], expected["input_ids"])
            for options in ({}, {"num_beams": 3}, {"max_new_tokens": 12, "repetition_penalty": 1.3}):
                with torch.no_grad():
                    wanted = theirs.generate(**expected, **options)
                got = ours.generate(**inputs, **options)
                assert got.tolist() == wanted.tolist()
                assert (processor.decode(got[0], skip_special_tokens=True)
                        == reference.decode(wanted[0], skip_special_tokens=True))


def test_answering_card(work, photos):
    size = random_models.SIZES[SIZE]
    # As wide as the vision tower, or transformers' own class cannot run (random_models.question_answering).
    same = {key: value for key, value in size["vision"].items() if key in ("hidden_size", "num_attention_heads")}
    wide = {"vision": size["vision"], "text": {**size["text"], **same}}
    directory = saved(work, "answering", lambda _, seed: random_models.question_answering(wide, seed))
    theirs, ours = both(directory, "BlipForQuestionAnswering")
    reference, processor = both(directory, "BlipProcessor")
    for photo in photos:
        image = Image.open(photo).convert("RGB")
        for question in ("how many dogs are in the picture?", "where is it?"):
            expected, inputs = (each(image, question, return_tensors="pt") for each in (reference, processor))
            for options in ({}, {"num_beams": 3}, {"max_new_tokens": 12}):
                with torch.no_grad():
                    wanted = theirs.generate(**expected, **options)
                got = ours.generate(**inputs, **options)
                assert got.tolist() == wanted.tolist()
                assert (processor.decode(got[0], skip_special_tokens=True)
                        == reference.decode(wanted[0], skip_special_tokens=True))


def test_matching_card(work, photos):
    directory = saved(work, "retrieval", random_models.image_text_retrieval)
    theirs, ours = both(directory, "BlipForImageTextRetrieval")
    reference, processor = both(directory, "BlipProcessor")
    image = Image.open(photos[0]).convert("RGB")
    question = "A woman and a dog sitting together in a beach."
    expected, inputs = (each(image, question, return_tensors="pt") for each in (reference, processor))
    with torch.no_grad():
        for head in (True, False):
            wanted = theirs(**expected, use_itm_head=head)[0]
            got = ours(**inputs, use_itm_head=head).itm_score
            difference = np.abs(got.numpy() - wanted.numpy()).max()
            print(f"{SIZE}, {'ITM' if head else 'ITC'}: {got.numpy().round(5).tolist()}, off by {difference:.1e}")
            assert difference <= 2e-4
