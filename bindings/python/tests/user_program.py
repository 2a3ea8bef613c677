"""A program as users write it, for the type checker (test_types.py); it runs as well: user_program.py MODEL PHOTO."""

import asyncio
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

import blip_cpp
from blip_cpp import BlipForConditionalGeneration, BlipProcessor, ImageDescriber, TextStreamer, pipeline


class Printer:
    def put(self, value: NDArray[Any]) -> None:
        print("tokens", value.ravel().tolist())

    def end(self) -> None:
        print("done")


def caption(name: str, photo: str) -> str:
    processor = BlipProcessor.from_pretrained(name)
    model = BlipForConditionalGeneration.from_pretrained(name, dtype="int8").to("cpu").eval()
    inputs = processor(images=photo, text="a photo of", return_tensors="np")
    pixels: NDArray[np.float32] = inputs.pixel_values
    ids = model.generate(**inputs, num_beams=3, max_new_tokens=10)
    model.generate(pixel_values=pixels, streamer=Printer())
    model.generate(pixel_values=pixels, streamer=TextStreamer(processor.tokenizer))
    model.generate(pixel_values=pixels, on_token=lambda image, sequence, token: print(image + sequence + token))
    again = asyncio.run(model.agenerate(**inputs, num_beams=3, max_new_tokens=10))
    assert np.array_equal(ids, again)
    text: str = processor.decode(ids[0], skip_special_tokens=True)
    return text


def main() -> int:
    name, photo = sys.argv[1:]
    print(caption(name, photo).upper(), blip_cpp.__version__)
    describe = pipeline("image-to-text", model=name)
    print(describe(photo)[0]["generated_text"])
    for each in ImageDescriber(name).stream([photo, b"no picture"]):
        print(each.caption.upper() if each.caption is not None else each.error)
    return blip_cpp.num_threads()


if __name__ == "__main__":
    sys.exit(main())
