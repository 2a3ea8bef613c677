"""One photo captioned by transformers from a cold start: caption_one.py MODEL PHOTO THREADS TOKENS"""

import sys

import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor


def main():
    model_name, photo, threads, tokens = sys.argv[1:]
    torch.set_num_threads(int(threads))
    processor = BlipProcessor.from_pretrained(model_name)
    model = BlipForConditionalGeneration.from_pretrained(model_name).eval()
    inputs = processor(images=Image.open(photo).convert("RGB"), return_tensors="pt")
    with torch.inference_mode():
        ids = model.generate(**inputs, min_new_tokens=int(tokens), max_new_tokens=int(tokens))
    print(processor.decode(ids[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
