"""A folder captioned by transformers: caption_folder.py MODEL FOLDER THREADS TOKENS

Threads read and prepare photos ahead while the model works on a batch; Pillow and numpy leave them
Python's lock for most of it. Prints a caption a line, in the order of the names.
"""

import collections
import concurrent.futures
import pathlib
import sys

import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor

BATCH = 8
BATCHES_AHEAD = 2


def batches(items, size):
    return [items[start:start + size] for start in range(0, len(items), size)]


def main():
    model_name, folder = sys.argv[1:3]
    threads, tokens = (int(argument) for argument in sys.argv[3:])
    torch.set_num_threads(threads)
    processor = BlipProcessor.from_pretrained(model_name)
    model = BlipForConditionalGeneration.from_pretrained(model_name).eval()

    def prepare(photo):
        with Image.open(photo) as image:
            return processor(images=image.convert("RGB"), return_tensors="pt").pixel_values

    with concurrent.futures.ThreadPoolExecutor(threads) as pool, torch.inference_mode():
        ahead = collections.deque()
        waiting = collections.deque(batches(sorted(pathlib.Path(folder).iterdir()), BATCH))
        while ahead or waiting:
            while waiting and len(ahead) < BATCHES_AHEAD:
                ahead.append([pool.submit(prepare, photo) for photo in waiting.popleft()])
            pixels = torch.cat([future.result() for future in ahead.popleft()])
            if waiting:
                ahead.append([pool.submit(prepare, photo) for photo in waiting.popleft()])
            ids = model.generate(pixel_values=pixels, min_new_tokens=tokens, max_new_tokens=tokens)
            for text in processor.batch_decode(ids, skip_special_tokens=True):
                print(text)


if __name__ == "__main__":
    main()
