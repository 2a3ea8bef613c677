"""The scripts of the model cards with one import changed: the same ids and texts as transformers, scores within 2e-4.

Models have random weights, of the size BLIP_CPP_TEST_SIZE: "small" unless told, "base" for those of the cards.
"""

import itertools
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

import blip_cpp

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from conftest import ROOT  # noqa: E402

import sys  # noqa: E402

sys.path.insert(0, str(ROOT / "tools/reference"))
clip_vocabulary = pytest.importorskip("clip_vocabulary")
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
            got = ours(**inputs, use_itm_head=head)[0]
            difference = np.abs(got.numpy() - wanted.numpy()).max()
            print(f"{SIZE}, {'ITM' if head else 'ITC'}: {got.numpy().round(5).tolist()}, off by {difference:.1e}")
            assert difference <= 2e-4


@pytest.fixture(scope="module")
def clip(work):
    """A small CLIP with OpenAI's vocabulary."""
    merges = clip_vocabulary.read(ROOT / "models/openai-clip/bpe_simple_vocab_16e6.txt.gz")
    directory = clip_vocabulary.write(work / "clip", merges, config=clip_vocabulary.PLAIN_CONFIG)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4}
    torch.manual_seed(5)
    transformers.CLIPModel(transformers.CLIPConfig(
        projection_dim=32, text_config={**sizes, "eos_token_id": 49407, "bos_token_id": 49406},
        vision_config={**sizes, "image_size": 64, "patch_size": 16})).save_pretrained(directory)
    transformers.CLIPImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64}).save_pretrained(
        directory)
    return directory


def test_clip_card(clip, photos):
    theirs, ours = both(clip, "CLIPModel")
    reference, processor = both(clip, "CLIPProcessor")
    texts = ["a photo of a cat", "a photo of a dog on a sofa"]
    expected, inputs = (each(text=texts, images=Image.open(photos[0]), return_tensors="pt", padding=True)
                        for each in (reference, processor))
    assert torch.equal(inputs["input_ids"], expected["input_ids"])
    assert (inputs["pixel_values"] - expected["pixel_values"]).abs().max() < 1e-5
    with torch.no_grad():
        wanted = theirs(**expected)
    got = ours(**inputs)
    assert [*got] == [*wanted][:4]
    for i in range(4):
        assert torch.equal(got[i], got[[*got][i]])
        assert (got[i] - wanted[i]).abs().max() <= 2e-4
    probabilities = got.logits_per_image.softmax(dim=1)  # as the card goes on
    assert (probabilities - wanted.logits_per_image.softmax(dim=1)).abs().max() <= 2e-4


def test_zero_shot_pipeline(clip, photos):
    labels = ["cat", "dog", "motorcycle"]
    name = "zero-shot-image-classification"
    theirs, ours = transformers.pipeline(name, model=str(clip)), blip_cpp.pipeline(name, model=str(clip))
    for arguments, keywords in (((str(photos[0]), labels), {}), ((str(photos[0]),), {"candidate_labels": labels}),
                                (([str(photo) for photo in photos],), {"candidate_labels": labels, "batch_size": 2})):
        wanted, got = (each(*arguments, **keywords) for each in (theirs, ours))
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted):
            for a, b in zip(*([one], [other]) if isinstance(one, dict) else (one, other)):
                assert a["label"] == b["label"] and abs(a["score"] - b["score"]) <= 2e-4
    with pytest.raises(ValueError, match="candidate_labels"):
        ours(str(photos[0]))


def test_streamers_hear_what_they_do_there(work, photos):
    directory = work / "captioning"
    random_models.save(SIZE, directory, seed=1)
    theirs, ours = both(directory, "BlipForConditionalGeneration")
    processor = blip_cpp.BlipProcessor.from_pretrained(directory)

    class Streamer(transformers.generation.streamers.BaseStreamer):
        def __init__(self):
            self.heard = []

        def put(self, value):
            self.heard.append(value.tolist())

        def end(self):
            self.heard.append("end")

    for text in (None, "a photography of"):
        inputs = processor(images=Image.open(photos[0]), text=text, return_tensors="pt")
        heard = []
        for each in (theirs, ours):
            streamer = Streamer()
            each.generate(**inputs, max_new_tokens=5, streamer=streamer)
            heard.append(streamer.heard)
        assert heard[0] == heard[1]
    # Theirs works with our tokenizer and model.
    streamer = transformers.TextIteratorStreamer(processor.tokenizer, skip_special_tokens=True)
    ids = ours.generate(**inputs, max_new_tokens=5, streamer=streamer)
    assert "".join(streamer).strip() == processor.decode(ids[0], skip_special_tokens=True).strip()


def test_describer_goes_on_after_a_line(clip, photos):
    """CLIP cuts the middle out of an image; of one pixel's width it would be larger than any image."""
    line = np.zeros((1, 20_000, 3), dtype=np.uint8)
    describer = blip_cpp.ImageDescriber(None, str(clip), batch_size=3)
    good = describer([photos[0], photos[1]])
    found = describer([photos[0], line, photos[1]])
    assert found[1].embedding is None and found[1].error
    assert all(np.allclose(one.embedding, other.embedding, atol=1e-5) for one, other in zip(good, found[::2]))


def turned_photo(photo, folder):
    """A JPEG of a camera that lay on its side."""
    image = Image.open(photo).convert("RGB").resize((120, 80))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "turned.jpg", exif=exif, quality=95)
    return folder / "turned.jpg"


def clear_picture(folder):
    """A PNG whose colours hide behind transparent pixels."""
    rows = np.random.default_rng(7).integers(0, 256, (30, 50, 4), dtype=np.uint8)
    Image.fromarray(rows).save(folder / "clear.png")
    return folder / "clear.png"


def test_files_and_images_of_pil_are_read_alike(work, clip, photos, tmp_path):
    """Files are upright and have the colours that transparent pixels hide, in processors and pipelines. Images of PIL are
    as they are in processors, over white, and as files in pipelines."""
    directory = work / "captioning"
    random_models.save(SIZE, directory, seed=1)
    reference, processor = both(directory, "BlipProcessor")
    task = "zero-shot-image-classification"
    theirs, ours = transformers.pipeline(task, model=str(clip)), blip_cpp.pipeline(task, model=str(clip))
    labels = ["cat", "dog"]
    for file in (turned_photo(photos[0], tmp_path), clear_picture(tmp_path)):
        for picture in (str(file), Image.open(file)):
            wanted = reference(images=picture, return_tensors="pt")["pixel_values"]
            assert torch.equal(processor(images=picture, return_tensors="pt")["pixel_values"], wanted)
            wanted = theirs.preprocess(picture, candidate_labels=labels)["pixel_values"]
            got = ours.processor(images=ours._image(picture), return_tensors="pt")["pixel_values"]
            assert (got - wanted).abs().max() < 1e-5
            scores = [{each["label"]: each["score"] for each in one(picture, candidate_labels=labels)}
                      for one in (theirs, ours)]
            assert all(abs(scores[0][label] - scores[1][label]) <= 2e-4 for label in labels)


def classifier(folder, labels, problem_type):
    torch.manual_seed(9)
    model = transformers.ViTForImageClassification(transformers.ViTConfig(
        hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=16,
        num_labels=labels, problem_type=problem_type))
    torch.nn.init.normal_(model.classifier.weight, std=1.0)
    model.save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("labels, problem_type", [
    (7, None), (7, "single_label_classification"), (7, "multi_label_classification"), (1, None), (3, "regression")])
def test_classifiers_score_alike(labels, problem_type, photos, tmp_path):
    name = classifier(tmp_path / "model", labels, problem_type)
    theirs, ours = (each.pipeline("image-classification", model=name, top_k=4) for each in (transformers, blip_cpp))
    for options in ({}, {"top_k": 2}, {"top_k": None}, {"function_to_apply": "sigmoid"}, {"function_to_apply": "softmax"},
                    {"function_to_apply": "NONE"}, {"top_k": 100}):
        wanted, got = (each(str(photos[0]), **options) for each in (theirs, ours))
        assert [each["label"] for each in got] == [each["label"] for each in wanted]
        assert all(abs(one["score"] - other["score"]) <= 2e-4 for one, other in zip(got, wanted))
    for each in (transformers, blip_cpp):
        with pytest.raises(TypeError, match="top_j"):
            each.pipeline("image-classification", model=name, top_j=4)
    for each in (theirs, ours):
        with pytest.raises(TypeError, match="top_j"):
            each(str(photos[0]), top_j=4)
        with pytest.raises(ValueError):
            each(str(photos[0]), function_to_apply="default")


def test_data_sets_are_streamed_alike(photos, tmp_path):
    from transformers.pipelines.pt_utils import KeyDataset

    name = classifier(tmp_path / "model", 5, None)
    rows = [{"image": str(photo)} for photo in photos]
    found = []
    for each in (transformers, blip_cpp):
        results = each.pipeline("image-classification", model=name)(KeyDataset(rows, "image"))
        assert not isinstance(results, list)
        found.append([[one["label"] for one in result] for result in results])
    assert found[0] == found[1] and len(found[0]) == len(rows)


def tokenizer_directory(folder, **config):
    """nano's tokenizer, with another tokenizer_config.json."""
    folder.mkdir()
    shutil.copy(ROOT / "tests/models/nano/vocab.txt", folder)
    (folder / "config.json").write_text('{"model_type": "blip"}')
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **config}))
    return folder


def test_texts_are_padded_and_cut_alike(tmp_path):
    short, long = "a cat", "a cat on a sofa and a dog on a beach"
    for i, config in enumerate(({"model_max_length": 8}, {})):
        theirs, ours = both(tokenizer_directory(tmp_path / str(i), **config), "BertTokenizer")
        assert ours.model_max_length == theirs.model_max_length
        for text, padding, truncation, most in itertools.product(
                (short, long, [short, long]), (False, True, "longest", "max_length", "do_not_pad"),
                (None, False, True, "longest_first", "only_first", "do_not_truncate"), (None, 5, 20)):
            options = {"padding": padding, "truncation": truncation, "max_length": most}
            wanted, got = (each(text, **options) for each in (theirs, ours))
            for column in ("input_ids", "attention_mask"):
                assert got[column] == wanted[column], (text, options)
        ids = np.array(ours([short, long], padding=True)["input_ids"])
        for some in (ids, torch.from_numpy(ids), ids.tolist(), ids[0], list(ids[1]), torch.from_numpy(ids)[0], ids[:1],
                     list(ids), int(ids[0][1])):
            assert ours.decode(some, skip_special_tokens=True) == theirs.decode(some, skip_special_tokens=True)
            if not isinstance(some, int):
                assert ours.batch_decode(some) == theirs.batch_decode(some)


def test_processors_cut_alike(work):
    directory = work / "captioning"
    random_models.save(SIZE, directory, seed=1)
    reference, processor = both(directory, "BlipProcessor")
    long = "a cat on a sofa and a dog on a beach " * 60
    for options in ({"max_length": 9}, {"truncation": True, "max_length": 9}, {"padding": "max_length", "max_length": 9},
                    {"padding": "max_length", "max_length": 9, "truncation": True}, {}):
        assert processor(text=long, **options)["input_ids"] == reference(text=long, **options)["input_ids"]
