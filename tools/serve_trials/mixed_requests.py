"""Requests of every family of clients, right and wrong ones, and of the photo library's page."""

import base64
import json
import struct

from load import request_bytes

CAPTIONER, ANSWERER, EMBEDDER = "nano-captioning", "nano-vqa", "nano-retrieval"
LIBRARY = "/blip/v1/library"


class Requests:
    """(name, request, statuses that are right)"""

    def __init__(self):
        self.all = []

    def get(self, path, statuses=(200,), **headers):
        self.all.append((path, request_bytes("GET", path, headers=headers), statuses))

    def post(self, name, path, body, statuses=(200,), method="POST", **headers):
        is_photo = isinstance(body, bytes)
        content = body if is_photo else json.dumps(body).encode()
        kind = {"Content-Type": "image/jpeg" if is_photo else "application/json"}
        self.all.append((name, request_bytes(method, path, content, kind | headers), statuses))


def form(fields):
    """A multipart body as browsers make it, and its Content-Type. An image is a file."""
    parts = [b'--soak\r\nContent-Disposition: form-data; name="' + name.encode() + (b'"; filename="blob"' if name == "image" else b'"')
             + b"\r\n\r\n" + content + b"\r\n" for name, content in fields.items()]
    return b"".join(parts) + b"--soak--\r\n", "multipart/form-data; boundary=soak"


def native(requests, photo, encoded):
    requests.post("caption", "/blip/v1/caption", photo)
    requests.post("beams", "/blip/v1/caption?num_beams=3", photo)
    requests.post("stream", "/blip/v1/caption", {"image": encoded, "stream": True})
    requests.post("ask", "/blip/v1/ask", {"image": encoded, "questions": ["what is it?", "how many are there?"]})
    requests.post("match", "/blip/v1/match", {"image": encoded, "texts": ["a cat", "a pizza", "a street"]})
    requests.post("embed", "/blip/v1/embed", {"image": encoded, "texts": ["a cat"]})
    requests.post("rank", "/blip/v1/rank", {"text": "a cat", "images": [encoded, encoded]})
    requests.post("classify", "/blip/v1/classify", photo)
    requests.post("tag", "/blip/v1/tag", photo)
    requests.post("moderate", "/blip/v1/moderate", {"image": encoded, "text": "a fine cat"})
    requests.post("explain", "/blip/v1/explain", photo)
    requests.post("cut picture", "/blip/v1/caption", photo[: len(photo) // 3], (200, 422))
    body, kind = form({"image": photo, "num_beams": b"2"})
    requests.post("form", "/blip/v1/caption", body, **{"Content-Type": kind})


def ollama(requests, encoded):
    for stream in (False, True):
        requests.post("ollama generate", "/api/generate", {"model": CAPTIONER, "images": [encoded], "stream": stream})
        requests.post("ollama chat", "/api/chat", {"model": CAPTIONER, "stream": stream, "messages": [
            {"role": "user", "content": "Describe", "images": [encoded]}]})
    requests.post("ollama embed", "/api/embed", {"model": EMBEDDER, "input": ["a cat", "a pizza"]})


def openai(requests, url):
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]}]
    for stream in (False, True):
        requests.post("openai chat", "/v1/chat/completions", {"model": CAPTIONER, "messages": messages, "stream": stream})
    requests.post("openai responses", "/v1/responses", {"model": CAPTIONER, "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "What is it?"}, {"type": "input_image", "image_url": url}]}]})
    requests.post("openai embeddings", "/v1/embeddings", {"model": EMBEDDER, "input": ["a cat", "a street"], "encoding_format": "base64"})


def hugging_face(requests, photo, encoded):
    requests.post("hf caption", "/image-to-text", photo)
    requests.post("hf question", "/visual-question-answering", {"inputs": {"image": encoded, "question": "what is it?"}})
    requests.post("hf zero-shot", "/zero-shot-image-classification", {"inputs": encoded, "parameters": {"candidate_labels": ["a cat", "a dog"]}})
    requests.post("hf classes", "/image-classification", photo)
    requests.post("hf features", "/feature-extraction", {"inputs": ["a cat", {"image": encoded}]})
    requests.post("hf similarity", "/sentence-similarity", {"inputs": {"source_sentence": "a cat", "sentences": ["a cat", "a car"]}})


def kserve(requests, photo, encoded):
    requests.post("kserve JSON", f"/v2/models/{CAPTIONER}/infer", {
        "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [encoded]}]})
    element = struct.pack("<I", len(photo)) + photo
    for model, outputs in ((CAPTIONER, ["caption"]), (EMBEDDER, ["embedding"])):
        header = json.dumps({
            "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(element)}}],
            "outputs": [{"name": name, "parameters": {"binary_data": True}} for name in outputs]}).encode()
        requests.post("kserve binary", f"/v2/models/{model}/infer", header + element,
                      **{"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))})
    requests.post("kserve cut", f"/v2/models/{CAPTIONER}/infer", header + element[:-10], (400,),
                  **{"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))})


def tei(requests, encoded):
    requests.post("tei embed", "/embed", {"inputs": ["a cat", {"image": encoded}, "a motorcycle"], "normalize": True})
    requests.post("tei rerank", "/rerank", {"query": {"image": encoded}, "texts": ["a cat", "a pizza"], "return_text": True})
    requests.post("tei similarity", "/similarity", {"inputs": {"source_sentence": "a cat", "sentences": ["a cat", "a car"]}})
    requests.post("tei predict", "/predict", {"inputs": {"image": encoded}})


def immich(requests, photo):
    for kind, name, content in (("visual", "image", photo), ("textual", "text", b"a cat")):
        body, content_type = form({"entries": json.dumps({"clip": {kind: {"modelName": EMBEDDER}}}).encode(), name: content})
        requests.post(f"immich {kind}", "/predict", body, **{"Content-Type": content_type})


def librephotos(requests, path):
    requests.post("librephotos caption", "/generate-caption", {"image_path": path}, (201,))
    requests.post("librephotos question", "/generate-caption", {"image_path": path, "prompt": "what animal is it?"}, (201,))
    requests.post("librephotos clip", "/clip-embeddings", {"imgs": [path, path + ".missing"], "model": "/data/clip"})
    requests.post("librephotos query", "/query-embeddings", {"query": "a cat", "model": "/data/clip"})
    requests.post("librephotos tags", "/generate-tags", {"image_path": path, "confidence": 0.0, "tagging_model": "siglip2"})
    requests.post("librephotos outside", "/generate-caption", {"image_path": "/etc/hostname"}, (500,))


def others(requests, encoded, url):
    requests.post("photoprism caption", "/api/v1/vision/caption", {"model": "blip", "images": [url]})
    requests.post("photoprism labels", "/api/v1/vision/labels", {"model": EMBEDDER, "images": [url]})
    requests.post("automatic1111", "/sdapi/v1/interrogate", {"image": encoded, "model": "clip"})
    requests.post("sillytavern", "/api/caption", {"image": encoded})
    requests.post("koboldcpp", "/api/v1/generate", {"prompt": "Describe", "images": [encoded], "max_length": 20})
    requests.post("llama embeddings", "/embeddings", {"model": EMBEDDER, "content": [
        {"prompt_string": "a cat"}, {"prompt_string": "<__media__>\n", "multimodal_data": [encoded]}]})
    requests.post("llama rerank", "/v1/rerank", {"model": EMBEDDER, "query": "a cat", "documents": ["a dog", "a cat"]})


def refused(requests):
    requests.post("no picture", "/blip/v1/caption", b"no picture", (422,))
    requests.post("no JSON", "/api/generate", b"{", (400,), **{"Content-Type": "application/json"})
    requests.post("no model", "/v1/embeddings", {"model": "none", "input": "a"}, (404,))
    requests.post("no form", "/predict", b"--soak", (422,), **{"Content-Type": "multipart/form-data; boundary=soak"})
    requests.post("no base64", "/sdapi/v1/interrogate", {"image": "?!", "model": "clip"}, (400, 422, 500))
    requests.get("/nowhere", (404,))


def library(requests, photos):
    """What the page /library asks for: searches, pictures that are looked at, captions that are written.

    `photos` are ids; while the index is made again, some are gone."""
    for query in ("", "?limit=200", "?q=a+cat", "?q=a+pizza+on+a+table&limit=100", "?q=dogs&not=people", "?after=2015", "?near=48.86,2.35,10km",
                  "?offset=20&limit=10", "?tag=cat", "?q=street&path=*photo-1*"):
        requests.get(f"{LIBRARY}/photos{query}")
    requests.get(f"{LIBRARY}/photos?like={photos[0]}", (200, 404))
    requests.get(f"{LIBRARY}/photos?limit=0", (400,))
    requests.get(LIBRARY)
    requests.get("/library")
    for photo in photos:
        for part in ("", "/thumbnail", "/picture"):
            requests.get(f"{LIBRARY}/photos/{photo}{part}", (200, 404))
        for caption in (f"the photo {photo}, by hand", ""):
            requests.post("write a caption", f"{LIBRARY}/photos/{photo}/caption", {"caption": caption}, (200, 404), method="PUT")
    requests.get(f"{LIBRARY}/photos/999999", (404,))


def mixed_requests(photos, paths, library_photos):
    """Every task and family, and what is refused. `paths` are the same photos below the server's media root."""
    requests = Requests()
    for photo, path in zip(photos, paths, strict=True):
        encoded = base64.b64encode(photo).decode()
        url = "data:image/jpeg;base64," + encoded
        native(requests, photo, encoded)
        ollama(requests, encoded)
        openai(requests, url)
        hugging_face(requests, photo, encoded)
        kserve(requests, photo, encoded)
        tei(requests, encoded)
        immich(requests, photo)
        librephotos(requests, str(path))
        others(requests, encoded, url)
    refused(requests)
    library(requests, library_photos)
    for path in ("/", "/metrics", "/api/tags", "/api/ps", "/v1/models", "/v2", "/v2/health/ready", "/info", "/props", "/slots", "/health", "/ping",
                 "/blip/v1/models", "/openapi.json", "/readyz", "/livez"):
        requests.get(path)
    return requests.all
