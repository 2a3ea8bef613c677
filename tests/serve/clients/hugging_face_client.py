"""PyPI's huggingface_hub: InferenceClient(model=URL) and the raw JSON below it."""
import io
import sys

import numpy
import requests
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from expect import PHOTOS, base64_photo, base_url, done, expect, expect_equal, native, \
    native_caption, photo

BASE = base_url()
PATH = str(PHOTOS / "cat.jpg")


def client(path=""):
    return InferenceClient(model=BASE + path, timeout=120)


def raw(path, **kwargs):
    response = requests.post(BASE + path, timeout=120, **kwargs)
    expect(response.status_code == 200, path, response.status_code, response.text)
    return response.json()


caption = native_caption(BASE)
for path in ("", "/image-to-text"):
    expect_equal(client(path).image_to_text(PATH).generated_text, caption, "image_to_text of a path")
    expect_equal(client(path).image_to_text(photo()).generated_text, caption,
                 "image_to_text of bytes, which have no content type")
expect_equal(raw("/", data=photo()), [{"generated_text": caption}], "raw image_to_text")
expect_equal(raw("/image-to-text", json={"inputs": base64_photo()}), [{"generated_text": caption}],
             "image_to_text as JSON")

question = "is there a cat in the picture?"
answer = native(BASE, "ask", image=base64_photo(), question=question)["answers"][0]["answer"]
answers = client("/visual-question-answering").visual_question_answering(
    image=PATH, question=question)
expect_equal([a.answer for a in answers], [answer], "visual_question_answering")
expect(0 <= answers[0].score <= 1, "the score of an answer", answers[0].score)
answers = client("/visual-question-answering").visual_question_answering(
    image=PATH, question=question, top_k=2)
expect_equal(len(answers), 2, "top_k of visual_question_answering")
expect(answers[0].score >= answers[1].score, "answers are not sorted", answers)

labels = ["a cat", "a dog", "a car"]
found = client("/zero-shot-image-classification").zero_shot_image_classification(
    PATH, candidate_labels=labels, hypothesis_template="a photo of {}")
expect_equal(sorted(f.label for f in found), sorted(labels), "labels of zero-shot classification")
expect_equal([f.score for f in found], sorted((f.score for f in found), reverse=True),
             "zero-shot scores are sorted")
expect(abs(sum(f.score for f in found) - 1) < 1e-3, "zero-shot scores add up to 1", found)

found = client("/image-classification").image_classification(PATH, top_k=3)
expect_equal(len(found), 3, "top_k of image_classification")
expect_equal(raw("/image-classification", data=photo())[0]["label"], found[0].label,
             "image_classification of raw bytes")

vector = client("/feature-extraction").feature_extraction("a cat")
expect_equal(vector.dtype, numpy.float32, "dtype of feature_extraction")
expect(vector.shape[0] == 1 and abs(numpy.linalg.norm(vector) - 1) < 1e-4, "a unit vector", vector)
two = numpy.array(raw("/feature-extraction", json={"inputs": ["a cat", {"image": base64_photo()}]}))
expect_equal(two.shape, (2, vector.shape[1]), "a text and a picture")
expect(numpy.abs(two[0] - vector[0]).max() < 1e-6, "a text beside a picture has the same vector")
short = client("/feature-extraction").feature_extraction("a cat", dimensions=8)
expect(short.shape == (1, 8) and abs(numpy.linalg.norm(short) - 1) < 1e-4, "dimensions", short)

scores = client("/sentence-similarity").sentence_similarity(
    "a cat", other_sentences=["a cat", "a motorcycle"])
expect(abs(scores[0] - 1) < 1e-4 and scores[1] < scores[0], "sentence_similarity", scores)

try:
    client("/image-to-text").image_to_text(b"no image at all")
    sys.exit("a broken image was captioned")
except HfHubHTTPError as error:
    expect_equal(error.response.status_code, 422, "a broken image")
    expect(isinstance(error.response.json()["error"], str), "the error is text")
response = requests.post(BASE + "/image-to-text/nobody/nothing", data=io.BytesIO(photo()), timeout=60)
expect_equal(response.status_code, 404, "an unknown model")
done()
