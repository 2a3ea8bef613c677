"""What applications without a package send, replayed: PhotoPrism, Frigate, Home Assistant,
Nextcloud, Open WebUI. The answers are checked as their sources parse them."""
import json

import requests

from expect import base64_photo, base_url, done, expect, expect_equal, native, native_caption

BASE = base_url()
MODELS = requests.get(f"{BASE}/blip/v1/models", timeout=10).json()["models"]
DATA_URL = "data:image/jpeg;base64," + base64_photo()
QUESTION = "is there a cat in the picture?"


def model_for(task):
    return next((model["name"] for model in MODELS if task in model["tasks"]), None)


def post(path, body, status=200):
    response = requests.post(BASE + path, json=body, timeout=120)
    expect(response.status_code == status, path, response.status_code, response.text)
    return response.json()


captioner = model_for("caption")
caption = native_caption(BASE)

# PhotoPrism, format "vision".
vision = {"id": "1", "model": "blip", "version": "latest", "suffix": "", "stream": False,
          "images": [DATA_URL]}
for path in ("/api/v1/vision/caption", "/api/v1/vision/caption/blip",
             "/api/v1/vision/caption/blip/latest"):
    expect_equal(post(path, vision), {"id": "1", "model": {"name": "blip", "version": "latest"},
                                      "result": {"caption": {"text": caption}}}, path)
expect_equal(post("/api/v1/vision/describe", vision)["result"]["caption"], caption, "describe")
expect("error" in post("/api/v1/vision/nsfw", vision, 400), "nsfw is refused")
expect("error" in post("/api/v1/vision/caption", {"model": "blip"}, 400), "no image")
if model_for("tag") or model_for("classify"):
    labels = post("/api/v1/vision/labels", vision)["result"]["labels"]
    expect(all(isinstance(label["name"], str) and 0 <= label["confidence"] <= 1
               for label in labels), "labels", labels)
    ollama = post("/api/generate", {
        "id": "1", "model": captioner, "version": "latest", "system": "Output concise JSON",
        "prompt": "Analyze the image and return label objects", "format": "json", "suffix": "",
        "options": {"temperature": 0.1, "top_p": 0.9, "stop": ["\n\n"]}, "think": False,
        "stream": False, "images": [base64_photo()]})
    expect(isinstance(json.loads(ollama["response"])["labels"], list), "labels by Ollama")

# Frigate, provider llamacpp.
model = requests.get(f"{BASE}/v1/models", timeout=10).json()["data"][0]
expect("image" in model["architecture"]["input_modalities"], "modalities")
expect(isinstance(model["aliases"], list), "aliases")
props = requests.get(f"{BASE}/props?model={model['id']}", timeout=10).json()
expect(props["modalities"]["vision"] is True, "vision")
expect(isinstance(props["default_generation_settings"]["n_ctx"], int), "n_ctx")
if model_for("embed"):
    rows = post("/embeddings", {"model": model_for("embed"), "content": [
        {"prompt_string": "a cat"},
        {"prompt_string": props["media_marker"] + "\n", "multimodal_data": [base64_photo()]}]})
    expect_equal([row["index"] for row in rows], [0, 1], "embeddings")
    expect_equal(len(rows[0]["embedding"]), len(rows[1]["embedding"]), "their lengths")
    ranked = post("/v1/rerank", {"model": model_for("embed"), "query": "a cat", "top_n": 2,
                                 "documents": ["a dog", "a cat", "a car"]})["results"]
    expect_equal(ranked[0]["index"], 1, "rerank")
    expect_equal(len(ranked), 2, "top_n")

# Frigate, provider openai: text first, then images.
body = post("/v1/chat/completions", {"model": captioner, "messages": [{"role": "user", "content": [
    {"type": "text", "text": "Analyze the sequence of images and describe what the person does."},
    {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}},
    {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}}]}]})
expect_equal(body["choices"][0]["message"]["content"], caption, "the same picture twice")

# Home Assistant: streams, floating point context sizes.
response = requests.post(f"{BASE}/api/chat", timeout=120, json={
    "model": captioner, "stream": True, "keep_alive": -1, "think": False,
    "options": {"num_ctx": 8192.0}, "messages": [
        {"role": "system", "content": "You are a Home Assistant expert."},
        {"role": "user", "content": "Describe", "images": [base64_photo()]}]})
lines = [json.loads(line) for line in response.text.splitlines()]
expect_equal("".join(line["message"]["content"] for line in lines), caption, "a streamed chat")
expect(lines[-1]["done"], "its last line")

# Nextcloud's AnalyzeImages: a message an image, the question last.
if model_for("answer"):
    answer = native(BASE, "ask", image=base64_photo(), question=QUESTION)["answers"][0]["answer"]
    body = post("/v1/chat/completions", {
        "model": captioner, "max_tokens": 1000, "n": 1, "user": "admin", "messages": [
            {"role": "system", "content": "Take the user's question and answer it."},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": DATA_URL}}]},
            {"role": "user", "content": QUESTION}]})
    expect_equal(body["choices"][0]["message"]["content"], answer, "Nextcloud's question")

# Open WebUI's titles: the same model, no image.
expect("error" in post("/api/chat", {"model": captioner, "stream": False, "messages": [
    {"role": "user", "content": "Generate a concise title"}]}, 400), "no image")

# The document of the native API.
document = requests.get(f"{BASE}/openapi.json", timeout=10).json()
try:
    import openapi_spec_validator
    openapi_spec_validator.validate(document)
except ImportError:
    print("applications_client.py: openapi-spec-validator is not installed, document not checked")
done()
