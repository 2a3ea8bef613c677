"""What the package promises, on the small models of the repository."""

import asyncio
import functools
import http.server
import io
import multiprocessing
import os
import pickle
import shutil
import threading
import urllib.request

import numpy as np
import pytest
from PIL import Image

import blip_cpp
from blip_cpp import _blip_cpp
from blip_cpp.batch import as_array
from blip_cpp.images import as_image

from conftest import caption


def test_the_five_lines(captioning, photos):
    assert len(caption(captioning, Image.open(photos[0]).convert("RGB"))) > 3
    assert caption(captioning, Image.open(photos[0]), "a photo of").startswith("a photo of")


def test_every_kind_of_picture_is_the_same(captioning, photos, tmp_path):
    picture = Image.open(photos[0]).convert("RGB")
    array = np.asarray(picture)
    expected = caption(captioning, picture)
    for same in (array, array.transpose(2, 0, 1), str(photos[0]), photos[0], photos[0].read_bytes(),
                 np.asfortranarray(array), io.BytesIO(photos[0].read_bytes())):
        assert caption(captioning, same) == expected
    processor, _ = captioning
    with open(photos[0], "rb") as file:
        several = processor(images=iter([file, picture]), return_tensors="np")["pixel_values"]
    assert np.array_equal(several[0], several[1])
    strange = os.fsencode(tmp_path) + b"/\xff.jpg"  # no UTF-8
    shutil.copy(photos[0], strange)
    assert caption(captioning, strange.decode(errors="surrogateescape")) == expected


def test_contiguous_pixels_are_not_copied(captioning, photos):
    processor, _ = captioning
    array = np.ascontiguousarray(np.asarray(Image.open(photos[0]).convert("RGB")))
    before = _blip_cpp.pixel_copies()
    processor(images=array, return_tensors="np")
    assert _blip_cpp.pixel_copies() == before
    processor(images=array[:, ::-1], return_tensors="np")
    assert _blip_cpp.pixel_copies() == before + 1
    image = _blip_cpp.Image.from_array(array)
    assert np.shares_memory(image.pixels(), array)


def test_transparent_pictures_show_white(captioning):
    processor, _ = captioning
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    white = Image.new("RGB", (40, 30), (255, 255, 255))
    assert np.array_equal(processor(images=clear, return_tensors="np")["pixel_values"],
                          processor(images=white, return_tensors="np")["pixel_values"])


def test_batches_and_beams(captioning, photos):
    processor, model = captioning
    inputs = processor(images=[str(photo) for photo in photos], return_tensors="np")
    assert inputs["pixel_values"].shape[0] == len(photos)
    ids = model.generate(**inputs, num_beams=3, num_return_sequences=2)
    assert ids.shape[0] == 2 * len(photos) and ids.dtype == np.int64
    together = processor.batch_decode(ids, skip_special_tokens=True)
    assert processor.decode(ids, skip_special_tokens=True) == together
    assert processor.decode(ids[:1], skip_special_tokens=True) == together[:1]
    alone = processor.batch_decode(
        model.generate(**processor(images=str(photos[1]), return_tensors="np"), num_beams=3, num_return_sequences=2),
        skip_special_tokens=True)
    assert together[2:4] == alone
    output = model.generate(**inputs, num_beams=2, return_dict_in_generate=True, output_scores=True)
    assert output.sequences.shape[0] == len(output.sequences_scores) == len(photos)


def test_a_call_within_a_callback_leaves_the_other_one_its_threads(captioning, photos):
    processor, model = captioning
    inputs = processor(images=str(photos[0]), return_tensors="np")
    alone = model.generate(**inputs).tolist()
    within = []

    def ask_again(*_):
        if len(within) < 2:
            blip_cpp.set_num_threads(len(within) + 1)
            within.append(model.generate(**inputs).tolist())

    try:
        assert model.generate(**inputs, on_token=ask_again).tolist() == alone
    finally:
        blip_cpp.set_num_threads(0)
    assert within == [alone, alone]


def test_threads_and_coroutines(captioning, photos):
    expected = [caption(captioning, str(photo)) for photo in photos]
    found = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: caption(captioning, str(photos[i % len(photos)]))}))
               for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(8)] == [expected[i % len(photos)] for i in range(8)]

    processor, model = captioning

    async def both():
        inputs = [processor(images=str(photo), return_tensors="np") for photo in photos]
        return await asyncio.gather(*(model.agenerate(**each) for each in inputs))

    ids = asyncio.run(both())
    assert [processor.decode(each[0], skip_special_tokens=True) for each in ids] == expected


def test_pickles_and_forks(captioning, photos):
    expected = caption(captioning, str(photos[0]))
    again = (pickle.loads(pickle.dumps(captioning[0].tokenizer)), pickle.loads(pickle.dumps(captioning[1])))
    assert again[0].name_or_path == captioning[0].tokenizer.name_or_path
    assert caption((captioning[0], again[1]), str(photos[0])) == expected
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if caption(captioning, str(photos[0])) == expected else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def compute_in_child(picture):
    """In another process: the caption, and how many threads there are afterwards."""
    found = caption(compute_in_child.captioning, picture)
    return found, len(os.listdir("/proc/self/task"))


def test_pools_of_forked_processes(captioning, photos):
    blip_cpp.set_num_threads(2)
    try:
        compute_in_child.captioning = captioning  # inherited, not sent
        expected = [caption(captioning, photo) for photo in photos]
        alone = (blip_cpp.set_num_threads, (1,))
        for initializer, arguments in ((None, ()), alone):
            with multiprocessing.get_context("fork").Pool(2, initializer, arguments) as pool:
                found = pool.map_async(compute_in_child, photos).get(60)
            assert [text for text, _ in found] == expected
            # A child has none of its parent's threads: it starts as many of its own as are wanted.
            threads = {count for _, count in found}
            assert min(threads) >= 2 if initializer is None else min(threads) < 2
    finally:
        blip_cpp.set_num_threads(0)


def test_models_sent_to_new_processes(captioning, photos):
    """As DataLoader's workers get them under Windows and macOS, and everybody's in Python 3.14."""
    processor, model = captioning
    inputs = processor(images=photos[0], return_tensors="np")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        ids = pool.apply_async(model.generate, (), {**inputs}).get(60)
        pixels = pool.apply_async(processor, (str(photos[0]),), {"return_tensors": "np"}).get(60)
    assert np.array_equal(ids, model.generate(**inputs))
    assert np.array_equal(pixels["pixel_values"], inputs["pixel_values"])


def test_answers(models, photos):
    processor = blip_cpp.BlipProcessor.from_pretrained(models["vqa"])
    model = blip_cpp.BlipForQuestionAnswering.from_pretrained(models["vqa"])
    inputs = processor(images=str(photos[0]), text="what is it?", return_tensors="np")
    assert model.generate(**inputs).shape[0] == 1
    two = processor(images=[str(photos[0])] * 2, text=["what is it?", "how many of them are there?"], padding=True,
                    return_tensors="np")
    assert (two["attention_mask"][0] == 0).any()
    assert model.generate(**two).shape[0] == 2
    answers = [processor.tokenizer.encode(each) for each in ("yes", "no")]
    ranked = model.rank_answers(inputs["input_ids"], inputs["pixel_values"], answers)
    assert sorted(index for index, _, _ in ranked[0]) == [0, 1]


def test_matching_and_features(models, photos):
    processor = blip_cpp.BlipProcessor.from_pretrained(models["retrieval"])
    model = blip_cpp.BlipForImageTextRetrieval.from_pretrained(models["retrieval"])
    inputs = processor(images=str(photos[0]), text=["a cat", "two dogs"], padding=True, return_tensors="np")
    assert model(**inputs).itm_score.shape == (2, 2)
    assert np.array_equal(model(**inputs)[0], model(**inputs).itm_score)  # as the models' cards do
    assert model(**inputs, use_itm_head=False).itm_score.shape == (1, 2)
    features = blip_cpp.BlipModel.from_pretrained(models["features"])
    output = features(**blip_cpp.BlipProcessor.from_pretrained(models["features"])(
        images=str(photos[0]), text=["a cat", "two dogs"], padding=True, return_tensors="np"))
    assert output.logits_per_image.shape == (1, 2)
    assert np.allclose(output.logits_per_text, output.logits_per_image.T)
    assert [*output] == ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
    assert output[2] is output["text_embeds"] is output.text_embeds and len(output[1:]) == 3
    with pytest.raises(KeyError):
        output["loss"]


def test_classifiers(models, photos):
    processor = blip_cpp.AutoImageProcessor.from_pretrained(models["classifier"])
    model = blip_cpp.AutoModelForImageClassification.from_pretrained(models["classifier"])
    output = model(**processor(images=str(photos[0]), return_tensors="np"))
    assert [*output] == ["logits"] and output[0] is output.logits
    assert [model.config.id2label[i] for i in range(len(model.labels))] == model.labels


def test_pipelines(models, photos):
    describe = blip_cpp.pipeline("image-to-text", model=models["captioning"])
    first = describe(str(photos[0]))
    assert list(first[0]) == ["generated_text"]
    assert describe([str(photo) for photo in photos])[0] == first
    assert next(describe(str(photo) for photo in photos)) == first
    ask = blip_cpp.pipeline("visual-question-answering", model=models["vqa"])
    assert list(ask(str(photos[0]), "what is it?")[0]) == ["answer"]
    assert ask({"image": str(photos[0]), "question": "what is it?"}) == ask(str(photos[0]), "what is it?")
    # Every combination of pictures and questions, as transformers 4.
    asked = ask([str(photos[0]), str(photos[1])], ["what is it?", "how many?"])
    assert asked == [ask(str(photo), question) for question in ("what is it?", "how many?") for photo in photos[:2]]
    assert ask(image=str(photos[0]), question=["what is it?"]) == asked[:1]
    assert describe(images=[str(photos[0])], batch_size=8) == [first]
    model = blip_cpp.BlipForConditionalGeneration.from_pretrained(models["captioning"])
    given = blip_cpp.pipeline("image-to-text", model=model)
    assert given.model is model and given(str(photos[0])) == first
    with pytest.raises(ValueError, match="BlipForQuestionAnswering"):
        blip_cpp.pipeline("vqa", model=model)
    with pytest.raises(NotImplementedError, match="cuda"):
        blip_cpp.pipeline("image-to-text", model=models["captioning"], device="cuda:0")
    with pytest.raises(NotImplementedError, match="0"):
        blip_cpp.pipeline("image-to-text", model=models["captioning"], device=0)
    classify = blip_cpp.pipeline("image-classification", model=models["classifier"])
    labels = classify(str(photos[0]), top_k=3)
    assert [each["score"] for each in labels] == sorted((each["score"] for each in labels), reverse=True)
    with pytest.raises(ValueError, match="Unknown task"):
        blip_cpp.pipeline("text-to-speech")


def test_errors_are_python_s(captioning, models, photos, tmp_path):
    with pytest.raises(FileNotFoundError, match="/no/such/model"):
        blip_cpp.BlipForConditionalGeneration.from_pretrained("/no/such/model")
    with pytest.raises(FileNotFoundError):
        caption(captioning, "/no/such/photo.jpg")
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(photos[0].read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged.jpg"):
        caption(captioning, str(damaged))
    with pytest.raises(ValueError, match="num_beams"):
        caption(captioning, str(photos[0]), num_beams=0)
    with pytest.raises(ValueError, match="num_beans"):
        caption(captioning, str(photos[0]), num_beans=3)
    with pytest.raises(ValueError, match="num_beams: 'three'"):
        caption(captioning, str(photos[0]), num_beams="three")
    with pytest.raises(ValueError, match="open_url"):
        caption(captioning, "http://localhost/photo.jpg")
    with pytest.raises(NotImplementedError, match="cuda"):
        captioning[1].to("cuda")
    with pytest.raises(NotImplementedError, match="cuda"):
        blip_cpp.BlipForConditionalGeneration.from_pretrained(models["captioning"], device_map="cuda")
    with pytest.raises(NotImplementedError, match="not on 0"):
        blip_cpp.BlipForConditionalGeneration.from_pretrained(models["captioning"], device_map={"": 0})
    with pytest.raises(NotImplementedError):
        blip_cpp.BlipForQuestionAnswering.from_pretrained(models["captioning"])
    with pytest.raises(ValueError, match="uint8"):
        caption(captioning, np.zeros((4, 4, 3), dtype=np.float32))
    for nothing in (3, object(), [None]):
        with pytest.raises(ValueError, match="no picture"):
            caption(captioning, nothing)
    with open(damaged, encoding="latin-1") as file, pytest.raises(ValueError, match="damaged.jpg.*text"):
        caption(captioning, file)
    for text in (3, [None], [3]):
        with pytest.raises(TypeError, match="text is a string"):
            captioning[0](text=text)
    with pytest.raises(ValueError, match="empty"):
        captioning[0](text=[])
    with pytest.raises(ValueError, match="question is missing"):
        blip_cpp.pipeline("vqa", model=models["vqa"])(str(photos[0]))
    describer = blip_cpp.ImageDescriber(models["captioning"])
    for one in (str(photos[0]), photos[0], b"", np.zeros((4, 4, 3), dtype=np.uint8)):
        with pytest.raises(TypeError, match="not one"):
            describer(one)


def resident():
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_ten_thousand_calls_take_no_memory(models):
    processor = blip_cpp.BlipProcessor.from_pretrained(models["vqa"])
    model = blip_cpp.BlipForQuestionAnswering.from_pretrained(models["vqa"])
    array = np.zeros((32, 32, 3), dtype=np.uint8)
    heard = []

    def answer():
        heard.clear()
        inputs = processor(images=array, text="what is it?", return_tensors="np")
        ids = model.generate(**inputs, num_beams=2, max_new_tokens=4, on_token=lambda *token: heard.append(token))
        return processor.decode(ids[0], skip_special_tokens=True)

    expected = answer()
    for _ in range(500):
        answer()
    before = resident()
    for _ in range(10_000):
        assert answer() == expected
    assert resident() - before < 8 << 20


def test_pixels_of_dlpack_and_buffers_are_not_copied(captioning, photos):
    processor, _ = captioning
    array = np.array(Image.open(photos[0]).convert("RGB"))  # writable: numpy 1 lends no other
    expected = processor(images=array, return_tensors="np")["pixel_values"]

    class Foreign:
        """Speaks DLPack and nothing else."""

        def __dlpack__(self, **keywords):
            return array.__dlpack__(**keywords)

        def __dlpack_device__(self):
            return array.__dlpack_device__()

    before = _blip_cpp.pixel_copies()
    for same in (Foreign(), memoryview(array)):
        assert np.array_equal(processor(images=same, return_tensors="np")["pixel_values"], expected)
        assert np.shares_memory(as_image(same).pixels(), array)
    assert _blip_cpp.pixel_copies() == before
    assert as_array(expected, np.float32) is expected


def test_tensors_of_pytorch_are_not_copied(captioning, photos):
    torch = pytest.importorskip("torch")
    processor, model = captioning
    pixels = torch.from_numpy(np.array(Image.open(photos[0]).convert("RGB")))
    before = _blip_cpp.pixel_copies()
    inputs = processor(images=pixels, return_tensors="pt")
    assert _blip_cpp.pixel_copies() == before
    assert np.shares_memory(as_image(pixels).pixels(), pixels.numpy())
    values = inputs["pixel_values"]
    assert as_array(values, np.float32).ctypes.data == values.data_ptr()
    ids = model.generate(**inputs)
    assert isinstance(ids, torch.Tensor)
    assert ids.tolist() == model.generate(pixel_values=values.numpy()).tolist()


@pytest.fixture
def server(photos):
    """Serves the photos on loopback: its URL."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(photos[0].parent))
    handler.func.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_urls_only_if_asked_for(captioning, models, photos, server):
    expected = caption(captioning, str(photos[0]))
    url = f"{server}/{photos[0].name}"
    assert caption(captioning, blip_cpp.open_url(url)) == expected
    with urllib.request.urlopen(url) as response:  # as Image.open(requests.get(url, stream=True).raw)
        assert caption(captioning, Image.open(io.BytesIO(response.read())).convert("RGB")) == expected
    with pytest.raises(ValueError, match="allow_urls"):
        caption(captioning, url)
    processor, model = captioning
    inputs = processor(images=[url, str(photos[0])], return_tensors="np", allow_urls=True)
    assert np.array_equal(inputs["pixel_values"][0], inputs["pixel_values"][1])
    describe = blip_cpp.pipeline("image-to-text", model=models["captioning"], allow_urls=True)
    assert describe(url) == [{"generated_text": expected}]
    with pytest.raises(ValueError, match="URL"):
        blip_cpp.pipeline("image-to-text", model=models["captioning"])(url)
    with pytest.raises(OSError):
        blip_cpp.open_url(f"{server}/no-such.jpg")
    with pytest.raises(OSError, match="a b.jpg"):  # no class of http.client's
        blip_cpp.open_url(f"{server}/a b.jpg")
    for refused in ("file:///etc/passwd", "photo.jpg"):
        with pytest.raises(ValueError, match="no http"):
            blip_cpp.open_url(refused)


def test_urls_of_fsspec(photos):
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://bucket/photo.jpg", "wb") as file:
        file.write(photos[0].read_bytes())
    assert np.array_equal(blip_cpp.open_url("memory://bucket/photo.jpg").pixels(),
                          _blip_cpp.Image.open(str(photos[0])).pixels())


def test_describer(captioning, models, photos, tmp_path):
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(photos[0].read_bytes()[:2000])
    names = [str(photos[0]), str(damaged), photos[1].read_bytes()]
    describer = blip_cpp.ImageDescriber(models["captioning"], models["retrieval"], batch_size=2)
    found = pickle.loads(pickle.dumps(describer))(names)
    assert [each.caption for each in found] == [caption(captioning, photos[0]), None, caption(captioning, photos[1])]
    assert "damaged.jpg" in found[1].error and found[1].embedding is None
    assert abs(np.linalg.norm(found[0].embedding) - 1) < 1e-5
    columns = describer.columns(iter(names))
    assert [*columns] == ["caption", "embedding", "error"] and columns["error"][0] is None
    assert next(describer.stream(names)).caption == found[0].caption
    assert describer.columns(np.array(names, dtype=object)) == columns  # as engines hand over a column
    features = blip_cpp.ImageDescriber(None, models["features"])(names[:1])[0]
    assert features.caption is None and features.embedding.ndim == 1
    with pytest.raises(FileNotFoundError):
        blip_cpp.ImageDescriber("/no/such/model")(names)


def test_describer_goes_on_after_odd_pictures(models, photos):
    describer = blip_cpp.ImageDescriber(models["captioning"], models["retrieval"], batch_size=4)
    good = describer([photos[0], photos[1]])
    processors = [describer._models()[0][0].image_processor, describer._models()[1][0]]
    odd = np.zeros((1, 5000, 3), dtype=np.uint8)

    class Picky:
        """As CLIP's, which cuts the middle out of an image, and cannot make a long line that large."""

        def __init__(self, processor):
            self.processor = processor

        def __call__(self, image, return_tensors):
            if image.width == 5000:
                raise ValueError("too long")
            return self.processor(image, return_tensors)

    describer._models()[0][0].image_processor = Picky(processors[0])
    found = describer([photos[0], odd, photos[1], np.zeros((4, 4), dtype=float)])
    assert [each.caption for each in found] == [good[0].caption, None, good[1].caption, None]
    assert found[1].error == "too long" and "uint8" in found[3].error
    assert np.allclose(found[2].embedding, good[1].embedding, atol=1e-5) and found[1].embedding is None
