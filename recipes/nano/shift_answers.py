"""Makes answers likelier or less likely, whatever is asked: adds to their words' bias in the answer decoder.

usage: shift_answers.py MODEL OUTPUT WORD=NUMBER [WORD=NUMBER ...]

Photos unlike those of the training set make a model say "yes" too often. `yes=-0.45 no=0.45` makes the odds of "no" against "yes"
exp(0.9) times what they were. MODEL is a directory with model.safetensors, whose bias is of floats, and vocab.txt.
"""
import pathlib
import shutil
import sys

from safetensors.torch import load_file, save_file

# Two names of one tensor, of which a file has the first or both.
BIASES = ("text_decoder.cls.predictions.bias", "text_decoder.cls.predictions.decoder.bias")


def main():
    if len(sys.argv) < 4 or not all("=" in argument for argument in sys.argv[3:]):
        sys.exit(__doc__)
    model, output = map(pathlib.Path, sys.argv[1:3])
    vocabulary = (model / "vocab.txt").read_text().split("\n")
    tensors = load_file(model / "model.safetensors")
    biases = [tensors[name] for name in BIASES if name in tensors]
    if not biases:
        sys.exit(f"{model / 'model.safetensors'} has no {BIASES[0]}")
    for argument in sys.argv[3:]:
        word, _, number = argument.partition("=")
        if word not in vocabulary:
            sys.exit(f"{model / 'vocab.txt'} has no {word!r}")
        for bias in biases:
            bias[vocabulary.index(word)] += float(number)
    shutil.copytree(model, output, dirs_exist_ok=True)
    save_file(tensors, output / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
