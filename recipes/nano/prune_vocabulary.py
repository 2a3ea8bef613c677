"""Makes a smaller BERT vocabulary from the texts that a model learns.

usage: prune_vocabulary.py --bert VOCAB.txt --shards TAR... [--lists JSON...] --output VOCAB.txt [--most 6000] [--least 3]

Kept, in BERT's order: [PAD] [UNK] [CLS] [SEP] [MASK]; the single characters of ASCII, alone and as ##x; all pieces of the nouns of
imagenet_nouns.txt, coco_nouns.txt and caption_words.txt; and the pieces that BERT's own tokenizer finds at least --least times in the
captions, questions, answers and sentences. If that is more than --most, the rarest go.

A tokenizer that always takes the longest piece (WordPiece) reads the smaller vocabulary as it is: a word whose piece is missing is spelled
by shorter ones, and no ASCII word is unknown. The script checks that nothing kept is read otherwise than by BERT, and says how many
pieces a word takes.
"""
import argparse
import collections
import json
import pathlib
import string
import sys
import unicodedata

from caption_things import CaptionThings
from nouns import Nouns
from sentences import PLACE_PHRASES, PLACE_WITHOUT
from shards import read_shard

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LONGEST_WORD = 100


def words_of(text):
    """BERT's basic tokenizer, uncased."""
    words, current = [], ""
    for character in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(character)
        if category == "Mn" or category == "Cc" and not character.isspace():
            continue
        is_mark = category.startswith("P") or character in "$+<=>^`|~"
        if character.isspace() or is_mark:
            if current:
                words.append(current)
            current = ""
            if is_mark:
                words.append(character)
        else:
            current += character
    return words + [current] if current else words


def pieces_of(word, vocabulary):
    """Always the longest piece; [UNK] if none fits."""
    pieces, start = [], 0
    if len(word) > LONGEST_WORD:
        return ["[UNK]"]
    while start < len(word):
        end = len(word)
        while end > start and (word[start:end] if start == 0 else "##" + word[start:end]) not in vocabulary:
            end -= 1
        if end == start:
            return ["[UNK]"]
        pieces.append(word[start:end] if start == 0 else "##" + word[start:end])
        start = end
    return pieces


def texts_of(record):
    for field in ("caption", "captions", "sentence", "question", "answer"):
        value = record.get(field, [])
        yield from [value] if isinstance(value, str) else value
    for row in record.get("qa", []) + record.get("statements", []):
        yield from texts_of(row)


def records(shards, lists):
    for path in shards:
        for _, parts in read_shard(path):
            yield json.loads(parts["json"])
    for path in lists:
        text = path.read_text()
        yield from json.loads(text) if text.lstrip().startswith("[") else map(json.loads, text.splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bert", required=True, type=pathlib.Path)
    parser.add_argument("--shards", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--lists", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--most", type=int, default=6000)
    parser.add_argument("--least", type=int, default=3)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    bert = options.bert.read_text().split("\n")
    bert = bert[:-1] if bert[-1] == "" else bert
    whole = set(bert)

    words = collections.Counter()
    for record in records(options.shards, options.lists):
        for text in texts_of(record):
            words.update(words_of(text))
    counts = collections.Counter()
    for word, count in words.items():
        for piece in pieces_of(word, whole):
            counts[piece] += count

    nouns = Nouns()
    table = [form for noun in nouns.by_name.values() for form in (noun.name, noun.plural())]
    table += list(CaptionThings().named_by) + list(PLACE_PHRASES) + [text for texts in PLACE_WITHOUT.values() for text in texts]
    needed = {piece for text in table for word in words_of(text) for piece in pieces_of(word, whole)}
    # "handbag" is one piece of BERT's or two: where it is two, both are kept, so that it is read as BERT reads it.
    needed |= {mark for mark in string.printable.strip() if mark in whole} | {"##" + mark for mark in string.ascii_lowercase + string.digits}
    needed = (needed & whole) | set(SPECIAL)
    needed.discard("[UNK]")
    needed.add("[UNK]")
    frequent = [piece for piece, count in counts.most_common() if count >= options.least and piece not in needed and piece in whole]
    kept = needed | set(frequent[:max(options.most - len(needed), 0)])
    if len(kept) > options.most:
        sys.exit(f"the nouns alone need {len(kept)} pieces")
    vocabulary = [piece for piece in SPECIAL] + [piece for piece in bert if piece in kept and piece not in SPECIAL]
    options.output.write_text("\n".join(vocabulary) + "\n")

    total = pieces_small = pieces_bert = unknown = same = 0
    for word, count in words.items():
        own, theirs = pieces_of(word, kept), pieces_of(word, whole)
        total, pieces_small, pieces_bert = total + count, pieces_small + count * len(own), pieces_bert + count * len(theirs)
        unknown += count * ("[UNK]" in own)
        same += count * (own == theirs)
        if set(theirs) <= kept and own != theirs:
            sys.exit(f"{word} is read as {own} instead of {theirs}")
    print(f"{len(vocabulary)} pieces; {total} words: {pieces_small / total:.3f} pieces a word (BERT's vocabulary {pieces_bert / total:.3f}), "
          f"{100 * same / total:.2f} % read as by BERT, {unknown} unknown")


if __name__ == "__main__":
    main()
