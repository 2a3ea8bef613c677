"""CLIP's vocabulary in the forms that checkpoints have it in, and small checkpoints of many layouts."""
import gzip
import importlib.util
import json
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SMALL = REPOSITORY / "tests/text/data/clip-merges.txt"
FILE = "bpe_simple_vocab_16e6.txt"
MERGES = 49152 - 256 - 2
START, END = "<|startoftext|>", "<|endoftext|>"


def real_file():
    """bpe_simple_vocab_16e6.txt.gz of the package open-clip-torch, or None."""
    package = importlib.util.find_spec("open_clip")
    path = package and pathlib.Path(package.origin).parent / (FILE + ".gz")
    return path if path and path.exists() else None


def read(path):
    """→ the lines of OpenAI's file that count: the merges"""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as source:
        return [line for line in source.read().split("\n")[1:MERGES + 1] if line]


def byte_characters():
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]


def vocabulary_of(merges):
    tokens = byte_characters()
    tokens += [t + "</w>" for t in tokens] + [m.replace(" ", "") for m in merges] + [START, END]
    return {token: i for i, token in enumerate(tokens)}


def added_token(content, **fields):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": True, **fields}


CONFIG_OF_2021 = {
    "unk_token": {**added_token(END), "__type": "AddedToken"}, "bos_token": {**added_token(START), "__type": "AddedToken"},
    "eos_token": {**added_token(END), "__type": "AddedToken"}, "pad_token": END, "add_prefix_space": False,
    "errors": "replace", "do_lower_case": True, "name_or_path": "./clip_ViT_B_32/", "model_max_length": 77}
PLAIN_CONFIG = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": END}


def write(directory, merges, vocabulary=None, config=None, version=True, **files):
    """vocab.json and merges.txt, with tokenizer_config.json and other `files` (name: JSON)."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    vocabulary = vocabulary_of(merges) if vocabulary is None else vocabulary
    (directory / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = (["#version: 0.2"] if version else []) + list(merges)
    (directory / "merges.txt").write_bytes("".join(line + "\n" for line in lines).encode())
    if config is not None:
        (directory / "tokenizer_config.json").write_text(json.dumps(config))
    for name, value in files.items():
        (directory / (name + ".json")).write_text(json.dumps(value))
    return directory


def tokenizer_json(merges, vocabulary=None, added=(), as_text=False, **more):
    vocabulary = vocabulary_of(merges) if vocabulary is None else vocabulary
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": i, **added_token(**fields)} for i, fields in added],
            "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None,
            "model": {"type": "BPE", "dropout": None, "unk_token": END, "continuing_subword_prefix": "",
                      "end_of_word_suffix": "</w>", "fuse_unk": False,
                      "vocab": vocabulary, "merges": list(merges) if as_text else [m.split(" ") for m in merges]},
            **more}


def write_json(directory, merges, config=PLAIN_CONFIG, files=None, **options):
    """tokenizer.json and tokenizer_config.json, as transformers 5 saves them."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer_json(merges, **options)))
    if config is not None:
        (directory / "tokenizer_config.json").write_text(json.dumps(config))
    for name, value in (files or {}).items():
        (directory / (name + ".json")).write_text(json.dumps(value))
    return directory


def write_openai(directory, merges, packed=True):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    text = ("\n".join(['"' + FILE + "#version: 0.2", *merges]) + "\n").encode()
    if packed:
        (directory / (FILE + ".gz")).write_bytes(gzip.compress(text, mtime=0))
    else:
        (directory / FILE).write_bytes(text)
    return directory


def checkpoint_variants(root, merges):
    """(name, directory, whether transformers loads it) of checkpoints that differ in what they say."""
    root = pathlib.Path(root)
    vocabulary = vocabulary_of(merges)
    count = len(vocabulary)
    specials = [(count - 2, {"content": START, "special": True}),
                (count - 1, {"content": END, "special": True, "normalized": False})]

    def decoder(*entries):
        return {**PLAIN_CONFIG, "added_tokens_decoder": {str(i): added_token(**fields) for i, fields in entries}}

    new = count + 3
    yield "no configuration", write(root / "bare", merges), True
    yield "the hub's of 2021", write(root / "2021", merges, config=CONFIG_OF_2021, special_tokens_map={
        key: CONFIG_OF_2021[key] for key in ("unk_token", "bos_token", "eos_token", "pad_token")}), True
    yield "tokenizer.json of 2021", write_json(root / "json2021", merges, config=CONFIG_OF_2021, added=specials, as_text=True), True
    yield "tokenizer.json, no configuration", write_json(root / "jsonbare", merges, config=None, added=specials), True
    yield "transformers 5", write_json(root / "v5", merges, added=[
        (i, {**fields, "normalized": False}) for i, fields in specials]), True
    yield "tokenizer.json wins over vocab.json", write(root / "both", merges[:40], vocabulary_of(merges[:40]),
                                                      PLAIN_CONFIG, tokenizer=tokenizer_json(merges, added=specials)), True
    yield "padded with !", write(root / "pad", merges, config={**PLAIN_CONFIG, "pad_token": "!"}), True
    yield "other start and end", write(root / "others", merges, config={**PLAIN_CONFIG, "bos_token": "<s>", "eos_token": "</s>"}), True
    yield "added tokens", write(root / "added", merges, config=decoder(
        *specials, (new, {"content": "Hot Dog"}), (new + 1, {"content": "<new>", "normalized": False}),
        (new + 2, {"content": "dog", "single_word": True}), (new + 3, {"content": "cat", "lstrip": True, "rstrip": True}),
        (new + 4, {"content": "é ü", "special": True}))), True
    yield "added_tokens.json", write(root / "legacy", merges, config=PLAIN_CONFIG, added_tokens={
        START: count - 2, END: count - 1, "<one>": count, "Two": count + 1}), True
    yield "extra special tokens", write(root / "extra", merges, config={
        **PLAIN_CONFIG, "additional_special_tokens": ["<x>", "<Y>"], "mask_token": "<mask>"}), True
    yield "specials are never looked for", write(root / "split", merges, config={**PLAIN_CONFIG, "split_special_tokens": True}), True
    yield "clean-up asked for", write(root / "clean", merges, config={**PLAIN_CONFIG, "clean_up_tokenization_spaces": True}), True
    yield "no version line", write(root / "noversion", merges, version=False, config=PLAIN_CONFIG), True
    yield "#version in the middle", write(root / "midversion", [*merges[:9], "#version x y z", *merges[9:]], vocabulary, PLAIN_CONFIG), True
    yield "CRLF", write(root / "crlf", [m + "\r" for m in merges], vocabulary, PLAIN_CONFIG), True
    yield "merges twice", write(root / "twice", merges + merges[5:300:7], vocabulary, PLAIN_CONFIG), True
    yield "merges turned round", write(root / "reversed", merges[::-1], vocabulary, PLAIN_CONFIG), True
    yield "two ways to one token", write(root / "twoways", ["b c", "a bc", "a b", "ab c", "a b</w>", "abc d", "c d", "ab cd"],
                                         {t: i for i, t in enumerate([*vocabulary_of([]), "bc", "ab", "abc", "ab</w>", "abcd", "cd"])}, PLAIN_CONFIG), True
    yield "bytes are missing", write(root / "bytes", ["l l", "o </w>"][:1], {
        t: i for i, t in enumerate([*"abcdefghijklmno", *(c + "</w>" for c in "abcdefghijklmno"), "ll", START, END])}, PLAIN_CONFIG), True
    yield "ids with gaps", write(root / "gaps", merges, {t: 3 * i + 5 for t, i in vocabulary.items()}, PLAIN_CONFIG), True
    yield "OpenAI's, packed", write_openai(root / "openai", merges), None
    yield "OpenAI's, unpacked", write_openai(root / "openaitext", merges, packed=False), None
    yield "a blank line in merges.txt", write(root / "blank", [*merges[:9], "", *merges[9:]], vocabulary, PLAIN_CONFIG), False
    yield "three tokens on a line", write(root / "three", [*merges, "a b c"], vocabulary, PLAIN_CONFIG), False
    yield "a merge outside the vocabulary", write(root / "outside", [*merges, "zzzz q"], vocabulary, PLAIN_CONFIG), False
    yield "vocab.json without merges.txt", _without(write(root / "nomerges", merges, config=PLAIN_CONFIG), "merges.txt"), False
    yield "nothing at all", _without(write(root / "nothing", merges), "merges.txt", "vocab.json"), False


def _without(directory, *names):
    for name in names:
        (directory / name).unlink()
    return directory
