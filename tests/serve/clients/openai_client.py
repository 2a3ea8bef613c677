"""PyPI's openai, and the raw JSON below it: the client itself takes anything."""
import struct

import openai
import requests

from expect import base64_photo, base_url, done, expect, expect_equal, native, native_caption

BASE = base_url()
CLIENT = openai.OpenAI(base_url=f"{BASE}/v1", api_key="none", max_retries=0, timeout=120)
DATA_URL = "data:image/jpeg;base64," + base64_photo()
MODELS = requests.get(f"{BASE}/blip/v1/models", timeout=10).json()["models"]
QUESTION = "is there a cat in the picture?"


def model_for(task):
    return next((model["name"] for model in MODELS if task in model["tasks"]), None)


def messages(text):
    return [{"role": "user", "content": [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}}]}]


def raw(path, **body):
    response = requests.post(f"{BASE}/v1/{path}", json=body, timeout=120)
    expect(response.status_code == 200, path, response.status_code, response.text)
    return response.json()


listed = [model.id for model in CLIENT.models.list()]
expect_equal(listed, [model["name"] for model in MODELS], "models")
expect_equal(CLIENT.models.retrieve(listed[0]).object, "model", "one model")
try:
    CLIENT.models.retrieve("nope")
    expect(False, "an unknown model was found")
except openai.NotFoundError as error:
    expect_equal(error.code, "model_not_found", "the code of an unknown model")

captioner = model_for("caption")
caption = native_caption(BASE)
completion = CLIENT.chat.completions.create(model=captioner, messages=messages("Describe"), n=1,
                                            user="u")
expect_equal(completion.choices[0].message.content, caption, "a chat")
expect_equal(completion.choices[0].finish_reason, "stop", "its end")
expect(completion.usage.total_tokens > completion.usage.prompt_tokens >= 0, "its usage")
expect(completion._request_id, "its request id")

greedy = native_caption(BASE, num_beams=1, do_sample=False)
pieces = list(CLIENT.chat.completions.create(model=captioner, messages=messages("Describe"),
                                             temperature=0, stream=True,
                                             stream_options={"include_usage": True}))
expect_equal("".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices),
             greedy, "a streamed chat")
expect(sum(bool(piece.choices and piece.choices[0].delta.content) for piece in pieces) > 2,
       "greedy search comes in pieces")
expect_equal(pieces[0].choices[0].delta.role, "assistant", "the first chunk")
expect(pieces[-1].usage.total_tokens > 0, "the last chunk has the usage")

body = raw("chat/completions", model=captioner, messages=messages("Describe"))
expect_equal(sorted(body), ["choices", "created", "id", "model", "object", "usage"], "keys of a chat")
expect_equal(body["object"], "chat.completion", "its object")
expect(isinstance(body["created"], int), "its time")

structured = CLIENT.chat.completions.create(
    model=captioner, messages=messages("Describe"), response_format={"type": "json_object"})
expect_equal(requests.models.complexjson.loads(structured.choices[0].message.content),
             {"caption": caption}, "a caption in JSON")

response = CLIENT.responses.create(model=captioner, max_output_tokens=512, input=[
    {"role": "user", "content": [{"type": "input_text", "text": "Describe"},
                                 {"type": "input_image", "image_url": DATA_URL, "detail": "low"}]}])
expect_equal(response.output_text, caption, "a response")
expect_equal(response.status, "completed", "its status")
events = list(CLIENT.responses.create(model=captioner, stream=True, temperature=0, input=[
    {"role": "user", "content": [{"type": "input_image", "image_url": DATA_URL, "detail": "low"}]}]))
expect_equal("".join(e.delta for e in events if e.type == "response.output_text.delta"), greedy,
             "a streamed response")
expect_equal(events[-1].type, "response.completed", "its last event")
expect_equal(events[-1].response.output_text, greedy, "and what that has")

if model_for("answer"):
    answer = native(BASE, "ask", image=base64_photo(), question=QUESTION)["answers"][0]["answer"]
    chat = CLIENT.chat.completions.create(model=model_for("answer"), messages=messages(QUESTION))
    expect_equal(chat.choices[0].message.content, answer, "an answer")

if model_for("embed"):
    embedder = model_for("embed")
    wanted = native(BASE, "embed", model=embedder, texts=["a cat", "a dog"])["texts"]
    vectors = CLIENT.embeddings.create(model=embedder, input=["a cat", "a dog"])  # by base64
    for vector, want in zip(vectors.data, wanted):
        expect(max(abs(a - b) for a, b in zip(vector.embedding, want)) < 1e-6, "embeddings")
    one = raw("embeddings", model=embedder, input="a cat", encoding_format="float")
    expect_equal(one["data"][0]["embedding"], wanted[0], "an embedding as numbers")
    packed = raw("embeddings", model=embedder, input="a cat", encoding_format="base64")
    bytes_of_it = __import__("base64").b64decode(packed["data"][0]["embedding"])
    expect_equal(len(bytes_of_it), 4 * len(wanted[0]), "float32 in base64")
    expect(abs(struct.unpack("<f", bytes_of_it[:4])[0] - wanted[0][0]) < 1e-6, "little-endian")
    image = CLIENT.embeddings.create(model=embedder, input=[{"image": DATA_URL}, {"text": "a cat"}])
    expect_equal(len(image.data), 2, "an image and a text")

for content, about in (("write a title", "no image"),
                       ([{"type": "image_url", "image_url": {"url": "data:,x"}}], "no base64")):
    try:
        CLIENT.chat.completions.create(model=captioner,
                                       messages=[{"role": "user", "content": content}])
        expect(False, about, "was taken")
    except openai.BadRequestError as error:
        expect(error.message, about)
try:
    CLIENT.chat.completions.create(model=captioner, messages=[{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]}])
    expect(False, "what is no image was taken")
except openai.UnprocessableEntityError as error:
    expect_equal(error.code, "bad_image", "the code of a bad image")
done()
