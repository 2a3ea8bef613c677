"""Text Embeddings Inference, by plain requests: its clients are HTTP libraries."""
import numpy
import requests

from expect import base64_photo, base_url, done, expect, expect_equal, native

BASE = base_url()
PICTURE = {"image": base64_photo()}


def post(path, wanted=200, **body):
    response = requests.post(BASE + path, json=body, timeout=120)
    expect_equal(response.status_code, wanted, f"{path}: {response.text[:200]}")
    return response.json()


info = requests.get(BASE + "/info", timeout=10).json()
for key in ("model_id", "model_sha", "model_dtype", "model_type", "max_concurrent_requests",
            "max_input_length", "max_client_batch_size", "version"):
    expect(key in info, "info has no", key)

rows = numpy.array(post("/embed", inputs=["a cat", PICTURE, "a motorcycle"], normalize=True))
expect_equal(rows.shape[0], 3, "rows")
expect(numpy.abs(numpy.linalg.norm(rows, axis=1) - 1).max() < 1e-4, "unit length")
expect(rows[0] @ rows[1] > rows[2] @ rows[1], "the photo of a cat is nearer to \"a cat\"")
alone = numpy.array(post("/embed", inputs="a cat"))
expect(numpy.abs(alone[0] - rows[0]).max() < 1e-6, "a text alone has the same vector")

similar = post("/similarity", inputs={"source_sentence": "a cat", "sentences": ["a cat", "a car"]})
expect(abs(similar[0] - 1) < 1e-4 and similar[1] < similar[0], "similarity", similar)

texts = ["a motorcycle on a street", "a cat on a couch", "a pizza"]
ranked = post("/rerank", query=PICTURE, texts=texts, return_text=True)
expect_equal(ranked[0]["text"], texts[1], "the text that fits best")
expect_equal(sorted(entry["index"] for entry in ranked), [0, 1, 2], "indices")
matches = native(BASE, "match", image=base64_photo(), texts=texts)["matches"]
for entry in ranked:
    match = matches[entry["index"]]
    wanted = match["itc"] if match.get("itm") is None else match["itm"]
    expect(abs(entry["score"] - wanted) < 1e-6, "rerank has the score of match", entry, match)

labels = post("/predict", inputs=PICTURE)
expect_equal(labels, sorted(labels, key=lambda label: -label["score"]), "labels are sorted")
expect(isinstance(labels[0]["label"], str), "labels", labels[:2])

expect_equal(post("/embed", 400, inputs=[])["error_type"], "Empty", "nothing to embed")
expect_equal(post("/embed", 422, inputs=["a"] * 33)["error_type"], "Validation", "33 texts")
expect_equal(post("/embed", 422, inputs=7)["error_type"], "Validation", "a number")
done()
