"""The usual way to serve a model: transformers in float32 behind FastAPI. What `blip serve` is measured beside.

    reference_server.py MODEL PORT TOKENS

POST / with a picture answers {"caption": …} of so many tokens.
"""

import io
import sys
import threading

import torch
import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor


def make_app(directory, tokens):
    processor = BlipProcessor.from_pretrained(directory)
    model = BlipForConditionalGeneration.from_pretrained(directory, torch_dtype=torch.float32).eval()
    one_at_a_time = threading.Lock()
    app = FastAPI()

    def caption(picture):
        inputs = processor(images=Image.open(io.BytesIO(picture)).convert("RGB"), return_tensors="pt")
        # torch uses all cores for one request; two at once only get in each other's way.
        with one_at_a_time, torch.inference_mode():
            ids = model.generate(**inputs, max_new_tokens=tokens, min_new_tokens=tokens, num_beams=1, do_sample=False)
        return processor.decode(ids[0], skip_special_tokens=True)

    @app.get("/livez")
    def livez():
        return "ok"

    @app.post("/")
    async def post(request: Request):
        picture = await request.body()
        return {"caption": await run_in_threadpool(caption, picture)}

    return app


if __name__ == "__main__":
    uvicorn.run(make_app(sys.argv[1], int(sys.argv[3])), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
