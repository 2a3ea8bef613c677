"""PyPI's tritonclient[http]: BYTES both ways, compression, metadata, errors."""
import json
import struct
import sys

import numpy
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from expect import base64_photo, base_url, done, expect, expect_equal, native, native_caption, photo

BASE = base_url()
client = triton.InferenceServerClient(BASE.removeprefix("http://"), concurrency=4,
                                      connection_timeout=60.0, network_timeout=120.0)


def model_with(output):
    for entry in client.get_model_repository_index():
        metadata = client.get_model_metadata(entry["name"])
        if output in [tensor["name"] for tensor in metadata["outputs"]]:
            return entry["name"]
    sys.exit(f"no model of the server has the output {output}")


def tensor(name, values, binary=True):
    made = triton.InferInput(name, [len(values)], "BYTES")
    made.set_data_from_numpy(numpy.array(values, dtype=object), binary_data=binary)
    return made


expect(client.is_server_live(), "live")
expect(client.is_server_ready(), "ready")
expect(client.get_server_metadata()["name"], "server metadata")
captioner = model_with("caption")
expect(client.is_model_ready(captioner), "model ready")
expect(client.is_model_ready(captioner, "1"), "version ready")
expect(not client.is_model_ready("no-such-model"), "an unknown model is not ready")
expect_equal(client.get_model_config(captioner)["name"], captioner, "config")
expect_equal(client.get_inference_statistics(captioner)["model_stats"][0]["name"], captioner,
             "statistics")

# Captions: binary and JSON outputs, compressed and not, two pictures at once.
names = ["cat.jpg", "motorcycle.jpg"]
captions = [native_caption(BASE, name, model=captioner) for name in names]
images = tensor("image", [photo(name) for name in names])
for outputs in (None, [triton.InferRequestedOutput("caption", binary_data=False)],
                [triton.InferRequestedOutput("caption", binary_data=True)]):
    result = client.infer(captioner, [images], outputs=outputs, request_id="42")
    found = [c.decode() if isinstance(c, bytes) else c for c in result.as_numpy("caption")]
    expect_equal(found, captions, "captions")
    expect_equal(result.get_response()["id"], "42", "the request's id")
    if outputs is None:
        expect_equal(result.as_numpy("score").dtype, numpy.float32, "dtype of scores")
    else:
        expect(result.as_numpy("score") is None, "an output that was not asked for")
for algorithm in ("gzip", "deflate"):
    result = client.infer(captioner, [images], request_compression_algorithm=algorithm,
                          response_compression_algorithm=algorithm)
    expect_equal([c.decode() for c in result.as_numpy("caption")], captions, algorithm)
begun = native_caption(BASE, prompt="a photo of", model=captioner, max_new_tokens=5)
result = client.infer(captioner, [tensor("image", [photo()]), tensor("prompt", [b"a photo of"])],
                      parameters={"max_new_tokens": 5}, query_params={"a": 1},
                      headers={"X-Request-Id": "triton"}, timeout=60_000_000, priority=1)
expect_equal(result.as_numpy("caption")[0].decode(), begun, "a caption with a prompt")

# Base64 in JSON, which the client itself refuses to send; the raw answer.
body = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [base64_photo()]}],
        "outputs": [{"name": "caption"}]}
response = requests.post(f"{BASE}/v2/models/{captioner}/infer", json=body, timeout=120)
expect_equal(response.json(),
             {"model_name": captioner, "model_version": "1",
              "outputs": [{"name": "caption", "datatype": "BYTES", "shape": [1],
                           "data": captions[:1]}]}, "raw JSON")
body["outputs"][0]["parameters"] = {"binary_data": True}
response = requests.post(f"{BASE}/v2/models/{captioner}/infer", json=body, timeout=120)
length = int(response.headers["Inference-Header-Content-Length"])
size = json.loads(response.content[:length])["outputs"][0]["parameters"]["binary_data_size"]
expect_equal(response.content[length:],
             struct.pack("<I", size - 4) + captions[0].encode(), "raw binary data")

# Questions.
answerer = model_with("answer")
answer = native(BASE, "ask", image=base64_photo(), question="what animal is it?",
                model=answerer)["answers"][0]["answer"]
result = client.infer(answerer, [tensor("image", [photo()]),
                                 tensor("question", ["what animal is it?".encode()])])
expect_equal(result.as_numpy("answer")[0].decode(), answer, "an answer")

# Embeddings of pictures and texts.
embedder = model_with("embedding")
result = client.infer(embedder, [images], outputs=[triton.InferRequestedOutput("embedding")])
rows = result.as_numpy("embedding")
expect(rows.shape[0] == 2 and numpy.abs(numpy.linalg.norm(rows, axis=1) - 1).max() < 1e-4,
       "embeddings", rows.shape)

# Errors have a status and a text.
for model, inputs, status in ((captioner, [tensor("image", [b"no image"])], "422"),
                              (captioner, [tensor("question", [b"why?"])], "400"),
                              ("no-such-model", [images], "404")):
    try:
        client.infer(model, inputs)
        sys.exit(f"{model}: this should fail with {status}")
    except InferenceServerException as error:
        expect_equal(error.status(), status, error.message())
        expect(error.message(), "the error has a text")
done()
