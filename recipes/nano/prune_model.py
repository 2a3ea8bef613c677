"""Leaves out of a trained model the pieces of its vocabulary that no text of its task has.

usage: prune_model.py MODEL OUTPUT --shards TAR...

Kept: special tokens, single characters alone and as ##x, and every piece that the longest-match rule (WordPiece) finds in the shards'
captions, questions and answers. So the texts it was taught are read as before; other words are spelled by shorter pieces.
"""
import argparse
import json
import pathlib
import re
import shutil

from safetensors.torch import load_file, save_file

from shards import read_shard

BEHIND_VOCABULARY = 2  # [DEC] and [ENC]


def texts_of(record):
    yield from record.get("captions", [])
    for pair in record.get("qa", []):
        yield pair["question"]
        answers = pair["answer"]
        yield from [answers] if isinstance(answers, str) else answers


def pieces_of(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            return []  # [UNK]
    return pieces


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--shards", nargs="+", required=True, type=pathlib.Path)
    options = parser.parse_args()
    lines = (options.model / "vocab.txt").read_text().splitlines()
    vocabulary = set(lines)
    used = {piece for piece in lines if piece.startswith("[") and piece.endswith("]") or len(piece.removeprefix("##")) == 1}
    for shard in options.shards:
        for _, parts in read_shard(shard):
            for text in texts_of(json.loads(parts["json"])):
                for word in re.findall(r"[a-z0-9]+|[^\sa-z0-9]", text.lower()):
                    used.update(pieces_of(word, vocabulary))
    rows = [row for row, piece in enumerate(lines) if piece in used]

    shutil.copytree(options.model, options.output, dirs_exist_ok=True)
    (options.output / "vocab.txt").write_text("".join(lines[row] + "\n" for row in rows))
    kept = rows + list(range(len(lines), len(lines) + BEHIND_VOCABULARY))
    tensors = load_file(options.model / "model.safetensors")
    for name, tensor in tensors.items():
        if tensor.shape and tensor.shape[0] == len(lines) + BEHIND_VOCABULARY:
            tensors[name] = tensor[kept].contiguous()
    save_file(tensors, options.output / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((options.model / "config.json").read_text())
    text = config["text_config"]
    for key in [key for key in text if key.endswith("_token_id") and text[key] is not None]:
        text[key] = kept.index(text[key])
    text["vocab_size"] = len(kept)
    (options.output / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    print(f"{len(rows)} of {len(lines)} pieces kept")


if __name__ == "__main__":
    main()
