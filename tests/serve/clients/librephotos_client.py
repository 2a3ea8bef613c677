"""LibrePhotos' requests to its sidecars, by plain requests. The server needs --media-root that
holds examples/photos."""
import numpy
import requests

from expect import PHOTOS, base_url, done, expect, expect_equal, native_caption

BASE = base_url()
PATH = str(PHOTOS / "cat.jpg")
TIMEOUTS = {"caption": (5, 180), "clip": (5, 120), "tags": (5, 60)}

caption = native_caption(BASE)
for body in ({"image_path": PATH, "onnx": False, "blip": True},  # old
             {"image_path": PATH}, {"image_path": PATH, "prompt": None}):  # new
    answer = requests.post(BASE + "/generate-caption", json=body, timeout=TIMEOUTS["caption"])
    expect_equal((answer.status_code, answer.json()), (201, {"caption": caption}), str(body))
question = requests.post(BASE + "/generate-caption",
                         json={"image_path": PATH, "prompt": "what animal is it?"},
                         timeout=TIMEOUTS["caption"])
expect(question.json()["caption"], "an answer to the prompt", question.text)

answer = requests.post(BASE + "/clip-embeddings",
                       json={"imgs": [PATH, PATH + ".missing"], "model": "/data/clip"},
                       timeout=TIMEOUTS["clip"])
expect_equal(answer.status_code, 200, answer.text[:200])
rows, magnitudes = answer.json()["imgs_emb"], answer.json()["magnitudes"]
expect_equal((rows[1], magnitudes[1]), (None, None), "a file that is not there")
expect(abs(numpy.linalg.norm(rows[0]) - magnitudes[0]) < 1e-4, "the magnitude of a vector")
query = requests.post(BASE + "/query-embeddings", json={"query": "a cat", "model": "/data/clip"},
                      timeout=TIMEOUTS["clip"]).json()
expect_equal(len(query["emb"]), len(rows[0]), "a query is as long as a photo's vector")
expect(abs(numpy.linalg.norm(query["emb"]) - query["magnitude"]) < 1e-4, "its magnitude")

tags = requests.post(BASE + "/generate-tags",
                     json={"image_path": PATH, "confidence": 0.0, "tagging_model": "siglip2"},
                     timeout=TIMEOUTS["tags"])
expect_equal(tags.status_code, 200, tags.text[:200])
expect(0 < len(tags.json()["tags"]["tags"]) <= 10, "tags", tags.text)
places = requests.post(BASE + "/generate-tags", json={"image_path": PATH, "confidence": 0.0},
                       timeout=TIMEOUTS["tags"]).json()["tags"]
expect_equal(sorted(places), ["attributes", "categories", "environment"], "places")

expect_equal(requests.get(BASE + "/unload-model", timeout=5).status_code, 200, "unload")
empty = requests.post(BASE + "/generate-caption", data="{", timeout=5)
expect_equal((empty.status_code, empty.content), (400, b""), "a malformed body")
missing = requests.post(BASE + "/generate-caption", json={"image_path": PATH + ".missing"},
                        timeout=TIMEOUTS["caption"])
expect_equal(missing.status_code, 500, "a file that is not there")
expect(missing.json()["error"], "its message")
outside = requests.post(BASE + "/generate-caption", json={"image_path": "/etc/hostname"},
                        timeout=TIMEOUTS["caption"])
expect_equal(outside.status_code, 500, "a file outside the media root")
done()
