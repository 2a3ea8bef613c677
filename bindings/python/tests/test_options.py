"""Options by transformers' names: of pipelines, of from_pretrained, of processors and tokenizers."""

import collections
import io
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import blip_cpp
from blip_cpp.images import as_image

from conftest import caption


def test_options_of_pipelines(models, photos):
    photo = str(photos[0])
    describe = blip_cpp.pipeline("image-to-text", model=models["captioning"], max_new_tokens=2, batch_size=8)
    once = blip_cpp.pipeline("image-to-text", model=models["captioning"])
    assert describe(photo) == once(photo, max_new_tokens=2) != once(photo)
    assert describe(photo, max_new_tokens=3) == once(photo, generate_kwargs={"max_new_tokens": 3}) != describe(photo)
    given = blip_cpp.pipeline("image-to-text", model=models["captioning"], generate_kwargs={"max_new_tokens": 2})
    assert given(photo) == describe(photo)
    classify = blip_cpp.pipeline("image-classification", model=models["classifier"], top_k=2)
    assert len(classify(photo)) == 2 and len(classify(photo, top_k=1, timeout=3)) == 1
    for task, model in (("image-to-text", "captioning"), ("vqa", "vqa"), ("image-classification", "classifier")):
        with pytest.raises(TypeError, match="num_beans"):
            blip_cpp.pipeline(task, model=models[model], num_beans=3)
        with pytest.raises(TypeError, match="num_beans"):
            blip_cpp.pipeline(task, model=models[model])({"image": photo, "question": "how?"}, num_beans=3)
    with pytest.raises(ValueError, match="function_to_apply"):
        classify(photo, function_to_apply="default")
    with pytest.raises(NotImplementedError, match="config"):
        blip_cpp.pipeline("image-classification", model=models["classifier"], config={})
    processor = blip_cpp.AutoProcessor.from_pretrained(models["captioning"])
    own = blip_cpp.pipeline("image-to-text", model=models["captioning"], processor=processor)
    assert own.processor.tokenizer is processor.tokenizer and own(photo) == once(photo)
    with pytest.raises(NotImplementedError, match="dict"):
        blip_cpp.pipeline("image-to-text", model=models["captioning"], tokenizer={"a": 1})


class DataSet:
    """As PyTorch's: a length and items, and no IndexError at the end."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i % len(self.items)]


def test_pipelines_take_data_sets(models, photos):
    names = [str(photo) for photo in photos]
    describe = blip_cpp.pipeline("image-to-text", model=models["captioning"])
    expected = describe(names)
    assert describe(collections.deque(names)) == expected and describe(tuple(names)) == expected
    results = describe(DataSet(names))
    assert next(results) == expected[0] and list(results) == expected[1:]
    array = np.asarray(Image.open(names[0]).convert("RGB"))
    for one in (names[0], photos[0].read_bytes(), bytearray(photos[0].read_bytes()), array, memoryview(array),
                Image.open(names[0]), io.BytesIO(photos[0].read_bytes())):
        assert describe(one) == expected[0]
    ask = blip_cpp.pipeline("vqa", model=models["vqa"])
    pairs = [{"image": name, "question": "what is it?"} for name in names]
    answers = ask(pairs)
    assert list(ask(DataSet(pairs))) == answers == list(ask(DataSet(names), "what is it?"))
    assert list(ask(iter(names), ["what is it?", "how many?"]))[: len(names)] == answers


def test_files_are_upright(captioning, models, tmp_path):
    """What a file says of the camera counts, as in transformers; images of PIL are as they are, but to pipelines."""
    picture = Image.fromarray((np.arange(24 * 16 * 3) % 251).astype(np.uint8).reshape(24, 16, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=exif)
    path = tmp_path / "turned.png"
    upright = np.asarray(picture.transpose(Image.Transpose.ROTATE_270))
    for file in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
        assert np.array_equal(as_image(file).pixels(), upright)
    assert np.array_equal(as_image(Image.open(path)).pixels(), np.asarray(picture))
    describe = blip_cpp.pipeline("image-to-text", model=models["captioning"])
    assert np.array_equal(describe._image(Image.open(path)).pixels(), upright)
    # Of a pixel that does not show, files have the hidden colour.
    clear = Image.new("RGBA", (4, 3), (255, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    red, white = (np.full((3, 4, 3), colour, dtype=np.uint8) for colour in ((255, 0, 0), 255))
    assert np.array_equal(as_image(tmp_path / "clear.png").pixels(), red)
    assert np.array_equal(as_image(clear).pixels(), white)
    assert np.array_equal(describe._image(clear).pixels(), red)
    assert np.array_equal(as_image(tmp_path / "clear.png", blend_transparency=True).pixels(), white)


def test_options_that_change_nothing(captioning, photos):
    processor, model = captioning
    inputs = processor(images=str(photos[0]), return_tensors="np")
    expected = model.generate(**inputs)
    same = model.generate(**inputs, interpolate_pos_encoding=True, output_attentions=False, output_hidden_states=None,
                          output_logits=False, synced_gpus=False, num_beam_groups=1, typical_p=1.0, use_cache=True)
    assert np.array_equal(same, expected)
    for name, value in (("output_attentions", True), ("output_logits", True), ("num_beam_groups", 2), ("typical_p", 0.5),
                        ("stopping_criteria", [max]), ("guidance_scale", np.ones(3))):
        with pytest.raises(ValueError, match=name):
            model.generate(**inputs, **{name: value})


def test_ids_of_any_kind(captioning):
    processor, _ = captioning
    ids = np.array(processor.tokenizer.encode("a cat"))
    text = processor.decode(ids.tolist())
    for same in (ids, list(ids), tuple(ids), [np.array(each) for each in ids]):
        assert processor.decode(same) == text
    for many in (np.stack([ids, ids]), [list(ids), list(ids)], [ids, ids]):
        assert processor.decode(many) == processor.batch_decode(many) == [text, text]
    assert processor.decode(ids[1]) == processor.decode(int(ids[1])) == processor.decode(ids[1:2])
    assert processor.decode([]) == "" and processor.batch_decode([]) == []
    with pytest.raises(ValueError, match="shape"):
        processor.decode(ids.reshape(1, 1, -1))


def test_long_texts(captioning):
    tokenizer = captioning[0].tokenizer
    assert tokenizer.model_max_length == 64
    long = "a cat " * 50
    assert len(tokenizer(long)["input_ids"]) == 102
    assert len(tokenizer(long, truncation=True)["input_ids"]) == 64
    assert len(tokenizer(long, max_length=10)["input_ids"]) == 10  # alone, it cuts
    assert len(tokenizer(long, max_length=10, truncation="do_not_truncate")["input_ids"]) == 102
    padded = tokenizer(["a cat", long], padding="max_length", truncation=True, return_tensors="np")
    assert padded["input_ids"].shape == (2, 64) and padded["attention_mask"].sum() == 68
    assert len(tokenizer("a cat", padding="do_not_pad")["input_ids"]) == 4
    for wrong in ({"padding": "most"}, {"padding": None}, {"truncation": "only_second"}, {"max_length": 0}):
        with pytest.raises(ValueError):
            tokenizer(long, **wrong)
    with pytest.raises(ValueError, match="no tensor"):
        tokenizer(["a cat", long], padding="max_length", return_tensors="np")


def test_options_that_would_be_dropped(models, photos):
    name = models["captioning"]
    processor = blip_cpp.BlipProcessor.from_pretrained(name, use_fast=True, do_resize=True)
    blip_cpp.BlipForConditionalGeneration.from_pretrained(name, low_cpu_mem_usage=True, attn_implementation="sdpa",
                                                          subfolder="", force_download=False, quantization_config=None)
    for wrong in ({"subfolder": "unet"}, {"quantization_config": {}}, {"load_in_8bit": True}, {"num_labels": 3}):
        for kind in (blip_cpp.BlipForConditionalGeneration, blip_cpp.BlipProcessor, blip_cpp.BertTokenizer):
            with pytest.raises(NotImplementedError, match=[*wrong][0]):
                kind.from_pretrained(name, **wrong)
    photo = str(photos[0])
    config = json.loads((Path(name) / "preprocessor_config.json").read_text())
    expected = processor(images=photo, return_tensors="np")["pixel_values"]
    same = processor(images=photo, return_tensors="np", do_resize=True, do_rescale=True, size=config["size"],
                     image_mean=tuple(config["image_mean"]), do_pad=None, data_format="channels_first")
    assert np.array_equal(same["pixel_values"], expected)
    for wrong in ({"do_resize": False}, {"do_rescale": False}, {"do_normalize": False}, {"size": {"height": 7, "width": 9}},
                  {"size": 7}, {"image_mean": [0, 0, 0]}, {"do_center_crop": True}, {"resample": 1}):
        for call in (processor, processor.image_processor):
            with pytest.raises(NotImplementedError, match=[*wrong][0]):
                call(images=photo, **wrong)
        with pytest.raises(NotImplementedError, match=[*wrong][0]):
            blip_cpp.BlipProcessor.from_pretrained(name, **wrong)
    processor(text="a cat", return_token_type_ids=False, verbose=False)
    assert [*processor(text="a cat", return_attention_mask=False)] == ["input_ids"]
    for wrong in ({"padding_side": "left"}, {"return_offsets_mapping": True}, {"text_pair": "a dog"}):
        for call in (processor, processor.tokenizer):
            with pytest.raises(NotImplementedError, match=[*wrong][0]):
                call(text="a cat", **wrong)


def test_revisions_of_the_hub_s_cache(models, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    commit = "0123456789" * 4
    repository = tmp_path / "cache/models--some--model"
    shutil.copytree(models["captioning"], repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs/dev").write_text(commit)
    cached = {"cache_dir": tmp_path / "cache", "local_files_only": True, "token": False}
    processor = blip_cpp.BlipProcessor.from_pretrained("some/model", revision="dev", **cached)
    model = blip_cpp.BlipForConditionalGeneration.from_pretrained("some/model", revision="dev", **cached)
    assert caption((processor, model), photos[0]) and model.config.model_type == "blip"
    assert caption(pickle.loads(pickle.dumps((processor, model))), photos[0])
    assert blip_cpp.pipeline("image-to-text", model="some/model", revision="dev", **cached)(str(photos[0]))
    assert blip_cpp.pipeline("image-to-text", model=model)(str(photos[0]))
    for kind in (blip_cpp.BlipProcessor, blip_cpp.BlipForConditionalGeneration, blip_cpp.AutoTokenizer):
        with pytest.raises(FileNotFoundError):
            kind.from_pretrained("some/model", **cached)  # main is not there
    private = blip_cpp.AutoTokenizer.from_pretrained("some/model", **{**cached, "token": "hf_secret"}, revision="dev")
    assert b"hf_secret" not in pickle.dumps(private)


def test_pickles_of_relative_paths(captioning, models, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(Path(models["captioning"]).parent)
    name = Path(models["captioning"]).name
    processor = blip_cpp.BlipProcessor.from_pretrained(name)
    model = blip_cpp.BlipForConditionalGeneration.from_pretrained(name)
    describer = blip_cpp.ImageDescriber(name)
    monkeypatch.chdir(tmp_path)
    assert model.config.model_type == "blip"
    found = pickle.loads(pickle.dumps((processor, model, describer)))
    assert caption(found[:2], photos[0]) == found[2]([photos[0]])[0].caption == caption(captioning, photos[0])


def test_numbers_of_threads(captioning):
    for wrong in (-1, 99_999):
        with pytest.raises(ValueError, match=f"1024, not {wrong}"):
            blip_cpp.set_num_threads(wrong)
    assert blip_cpp.num_threads() == 0
