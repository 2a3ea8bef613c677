"""PyPI's ollama, and the raw JSON below it."""
import datetime
import re

import ollama
import requests

from expect import PHOTOS, base64_photo, base_url, done, expect, expect_equal, native, \
    native_caption

BASE = base_url()
CLIENT = ollama.Client(host=BASE)
PATH = str(PHOTOS / "cat.jpg")
MODELS = requests.get(f"{BASE}/blip/v1/models", timeout=10).json()["models"]
QUESTION = "is there a cat in the picture?"


def model_for(task):
    return next((model["name"] for model in MODELS if task in model["tasks"]), None)


def raw(path, **body):
    response = requests.post(f"{BASE}/api/{path}", json=body, timeout=120)
    expect(response.status_code == 200, path, response.status_code, response.text)
    return response


captioner = model_for("caption")
caption = native_caption(BASE)
greedy = native_caption(BASE, num_beams=1, do_sample=False)
user = [{"role": "user", "content": "Describe", "images": [PATH]}]

plain = CLIENT.generate(model=captioner, prompt="Describe", images=[PATH])
expect_equal(plain.response, caption, "generate")
expect_equal(plain.done_reason, "stop", "its end")
expect(plain.total_duration > 0 and plain.eval_count > 0, "its metrics")
expect_equal(CLIENT.generate(model=captioner + ":latest", prompt="Describe", images=[PATH],
                             options={"temperature": 0, "num_predict": -1, "seed": 1},
                             keep_alive="5m").response, greedy, "greedy search")
expect_equal(CLIENT.chat(model=captioner, messages=user).message.content, caption, "chat")

pieces = list(CLIENT.generate(model=captioner, prompt="Describe", images=[PATH], stream=True,
                              options={"temperature": 0}))
expect_equal("".join(piece.response for piece in pieces), greedy, "a streamed generate")
expect(len(pieces) > 3, "greedy search comes in pieces")
expect(pieces[-1].done and pieces[-1].eval_count > 0, "the last piece has the metrics")
pieces = list(CLIENT.chat(model=captioner, messages=user, stream=True))
expect_equal("".join(piece.message.content for piece in pieces), caption, "a streamed chat")

# As PhotoPrism parses it: one object, whatever stands before it.
body = raw("generate", model=captioner, stream=False, prompt="Create a caption with exactly one "
           "sentence", images=[base64_photo()], think=False, suffix="", format="").json()
expect_equal(body["response"], caption, "PhotoPrism's request")
expect_equal([type(body[key]) for key in ("model", "created_at", "done", "total_duration")],
             [str, str, bool, int], "the types that Go parses")
streamed = raw("generate", model=captioner, images=[base64_photo()])
expect_equal(streamed.headers["Content-Type"], "application/x-ndjson", "the type of a stream")

expect_equal(requests.models.complexjson.loads(
    CLIENT.generate(model=captioner, prompt="x", images=[PATH], format={
        "type": "object", "properties": {"caption": {"type": "string"}}}).response),
    {"caption": native_caption(BASE, prompt="x")}, "a schema")

loaded = CLIENT.generate(model=captioner)
expect_equal((loaded.done_reason, loaded.response), ("load", ""), "an empty prompt")

if model_for("answer"):
    answer = native(BASE, "ask", image=base64_photo(), question=QUESTION)["answers"][0]["answer"]
    expect_equal(CLIENT.chat(model=model_for("answer"), messages=[
        {"role": "user", "content": "Image 1:", "images": [PATH]},
        {"role": "user", "content": QUESTION}]).message.content, answer, "an answer")

tags = CLIENT.list()
expect_equal([model.model for model in tags.models], [m["name"] + ":latest" for m in MODELS], "tags")
expect(all(re.fullmatch("[0-9a-f]{64}", model.digest) for model in tags.models), "digests")
expect(isinstance(CLIENT.show(captioner).modelinfo, dict), "model_info")
expect_equal(CLIENT.show(captioner).capabilities[:2], ["completion", "vision"], "capabilities")
for model in requests.get(f"{BASE}/api/ps", timeout=10).json()["models"]:
    expires = datetime.datetime.fromisoformat(model["expires_at"])
    expect(expires.tzinfo is not None, "expires_at has an offset")
expect(len(CLIENT.ps().models) > 0, "ps")
version = requests.get(f"{BASE}/api/version", timeout=10).json()["version"]
expect(all(part.isdigit() for part in version.split("-")[0].split(".")), "the version", version)

expect_equal(CLIENT.pull(captioner).status, "success", "pull")
expect_equal(list(CLIENT.pull(captioner, stream=True))[-1].status, "success", "a streamed pull")
for call in (lambda: CLIENT.pull("nope"), lambda: CLIENT.show("nope"),
             lambda: CLIENT.generate(model="nope", prompt="x"),
             lambda: list(CLIENT.generate(model="nope", prompt="x", stream=True))):
    try:
        call()
        expect(False, "an unknown model was found")
    except ollama.ResponseError as error:
        expect_equal(error.status_code, 404, "the status of an unknown model")
        expect_equal(error.error, "model 'nope' not found", "and its words")

if model_for("embed"):
    embedder = model_for("embed")
    wanted = native(BASE, "embed", model=embedder, texts=["a cat", "a dog"])["texts"]
    found = CLIENT.embed(model=embedder, input=["a cat", "a dog"]).embeddings
    expect(max(abs(a - b) for a, b in zip(found[1], wanted[1])) < 1e-6, "embed")
    expect_equal(len(CLIENT.embeddings(model=embedder, prompt="a cat").embedding), len(wanted[0]),
                 "embeddings")
    expect_equal(len(CLIENT.embed(model=embedder, input="a", dimensions=8).embeddings[0]), 8,
                 "dimensions")
done()
