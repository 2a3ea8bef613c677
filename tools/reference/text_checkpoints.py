"""Small checkpoints in every layout that a tokenizer comes in, for parity_text.py."""
import json
import pathlib

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "dog", "a", "picture", "of", "un", "##able", "##ing", "isn", "'", "t", "##s", "i", "I", "Dog", "##OG", "café",
         "é", "İ", "i̇", "狗", "犬", "##犬", "don't", "do", "not", "n't", ".", ",", "!", "?", "-", "...", "##.", "ß", "σ", "ς"]
LETTERS = [chr(c) for c in range(0x21, 0x7F)]
TOKENS = list(dict.fromkeys(SPECIALS + WORDS + LETTERS + ["##" + c for c in LETTERS if c.isalnum()]))
BERT = {"tokenizer_class": "BertTokenizer"}
FAST = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]",
        "pad_token": "[PAD]", "mask_token": "[MASK]"}


def added(content, special=True, **flags):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special,
            "special": special, **flags}


def tokenizer_json(tokens=TOKENS, model=None, added_tokens=None, **parts):
    vocabulary = {t: i for i, t in enumerate(tokens)}
    if added_tokens is None:
        added_tokens = [{"id": vocabulary[t], **added(t)} for t in SPECIALS]
    cls, sep = vocabulary.get("[CLS]", 0), vocabulary.get("[SEP]", 0)
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                     {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [cls], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [sep], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary, **(model or {})},
        **parts}


def normalizer(**options):
    return {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
            "lowercase": True, **options}


def checkpoint_variants(root):
    """Yields (name, directory, whether it loads)."""
    root = pathlib.Path(root)
    count = 0

    def make(name, vocab=TOKENS, config=None, loads=True, **files):
        nonlocal count
        count += 1
        directory = root / f"{count:02}"
        directory.mkdir(parents=True)
        if vocab is not None:
            data = vocab if isinstance(vocab, bytes) else ("\n".join(vocab) + "\n").encode()
            (directory / "vocab.txt").write_bytes(data)
        if config is not None:
            (directory / "tokenizer_config.json").write_text(json.dumps(config))
        for file, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            (directory / (file + ".json")).write_bytes(data)
        return name, directory, loads

    # vocab.txt
    yield make("vocab.txt alone")
    yield make("vocab.txt with CRLF", vocab="\r\n".join(TOKENS).encode())
    yield make("vocab.txt, no newline at its end", vocab="\n".join(TOKENS).encode())
    yield make("vocab.txt, trailing blanks", vocab=[t + " \t\u3000" for t in TOKENS])
    yield make("vocab.txt, blank and repeated lines", vocab=["", "dog", *TOKENS[:9], "", "the", *TOKENS[9:], "dog", "a", ""])
    yield make("vocab.txt, carriage return inside", vocab=[*TOKENS, "x\ry", "z"])
    yield make("vocab.txt without [PAD], [MASK]", vocab=TOKENS[1:4] + TOKENS[5:])
    # tokenizer_config.json
    yield make("cased", config={**BERT, "do_lower_case": False})
    yield make("cased, accents stripped", config={**BERT, "do_lower_case": False, "strip_accents": True})
    yield make("accents kept", config={**BERT, "strip_accents": False})
    yield make("ideographs together", config={**BERT, "tokenize_chinese_chars": False})
    yield make("clean-up on", config={**BERT, "clean_up_tokenization_spaces": True})
    yield make("special tokens split", config={**BERT, "split_special_tokens": True})
    yield make("other special tokens", vocab=[*TOKENS, "<s>", "</s>"],
               config={**BERT, "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"})
    yield make("BLIP's [DEC] and [ENC]", config={**BERT, "bos_token": "[DEC]", "additional_special_tokens": ["[ENC]"]})
    yield make("tokens of its own", config={**BERT, "zz_token": "[ZZ]", "enc_token": "[ENC]"})
    yield make("added_tokens_decoder", config={**BERT, "added_tokens_decoder": {
        "3": added("[SEP]", rstrip=True, lstrip=True), "0": added("[PAD]"), "300": added("[DEC]"),
        "301": added("dogs", special=False), "302": added("Hot Dog", special=False), "303": added("of", special=False, single_word=True),
        "304": added("[SE", special=False, normalized=False), "4": added("[MASK]", special=False, lstrip=True)}})
    yield make("special_tokens_map.json", special_tokens_map={
        "unk_token": "[UNK]", "sep_token": added("[SEP]", lstrip=True), "bos_token": "[DEC]",
        "additional_special_tokens": ["[ENC]", "[X]"]})
    yield make("special_tokens_map.json under a decoder", config={**BERT, "added_tokens_decoder": {"300": added("[DEC]")}},
               special_tokens_map={"sep_token": added("[SEP]", lstrip=True), "bos_token": "[B]"})
    yield make("added_tokens.json", config={**BERT, "bos_token": "[DEC]"},
               added_tokens={"[ENC]": 301, "[DEC]": 300, "Hot dog": 302, "[MASK]": 4})
    # tokenizer.json, read by BertTokenizer: the vocabulary and the added tokens only
    yield make("tokenizer.json", vocab=None, config=BERT, tokenizer=tokenizer_json())
    yield make("tokenizer.json alone, without a config", vocab=None, tokenizer=tokenizer_json())
    yield make("tokenizer.json wins over vocab.txt", vocab=SPECIALS, config=BERT, tokenizer=tokenizer_json())
    yield make("tokenizer.json, cased, BertTokenizer", vocab=None, config=BERT,
               tokenizer=tokenizer_json(normalizer=normalizer(lowercase=False)))
    yield make("tokenizer.json, other prefix, BertTokenizer", vocab=None, config=BERT,
               tokenizer=tokenizer_json(model={"continuing_subword_prefix": "%%", "max_input_chars_per_word": 5}))
    yield make("tokenizer.json, more added tokens", vocab=None, config={**BERT, "bos_token": "[DEC]"},
               tokenizer=tokenizer_json(added_tokens=[
                   {"id": 0, **added("[PAD]")}, {"id": 500, **added("the dog", special=False)},
                   {"id": 3, **added("[SEP]", lstrip=True)}, {"id": 400, **added("[ENC]")}]))
    # tokenizer.json as it stands
    yield make("tokenizer.json, fast class", vocab=None, config=FAST, tokenizer=tokenizer_json())
    for name, options in {"cased": {"lowercase": False}, "accents kept": {"strip_accents": False}, "not cleaned": {"clean_text": False},
                          "not cleaned, cased": {"clean_text": False, "lowercase": False},
                          "ideographs together": {"handle_chinese_chars": False}}.items():
        yield make(f"tokenizer.json, fast class, {name}", vocab=None, config=FAST,
                   tokenizer=tokenizer_json(normalizer=normalizer(**options)))
    yield make("tokenizer.json, fast class, no normalizer", vocab=None, config=FAST, tokenizer=tokenizer_json(normalizer=None))
    yield make("tokenizer.json, fast class, no template", vocab=None, config=FAST, tokenizer=tokenizer_json(post_processor=None))
    yield make("tokenizer.json, fast class, BertProcessing", vocab=None, config=FAST,
               tokenizer=tokenizer_json(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}))
    yield make("tokenizer.json, fast class, no decoder", vocab=None, config=FAST, tokenizer=tokenizer_json(decoder=None))
    yield make("tokenizer.json, fast class, no clean-up", vocab=None, config=FAST,
               tokenizer=tokenizer_json(decoder={"type": "WordPiece", "prefix": "##", "cleanup": False}))
    yield make("tokenizer.json, fast class, other prefix", vocab=None, config=FAST,
               tokenizer=tokenizer_json(tokens=[t.replace("##", "@@@") for t in TOKENS],
                                        model={"continuing_subword_prefix": "@@@", "max_input_chars_per_word": 5},
                                        decoder={"type": "WordPiece", "prefix": "@@@", "cleanup": True}))
    yield make("tokenizer.json, fast class, added tokens", vocab=None, config=FAST,
               tokenizer=tokenizer_json(added_tokens=[
                   {"id": 500, **added("Hot Dog", special=False)}, {"id": 3, **added("[SEP]", lstrip=True, rstrip=True)},
                   {"id": 501, **added("dog", special=False, single_word=True)}, {"id": 502, **added("[ENC]", normalized=True)}]))
    # refused
    for missing in ("[UNK]", "[CLS]", "[SEP]"):
        yield make(f"without {missing}", vocab=[t for t in TOKENS if t != missing], loads=False)
    yield make("empty vocab.txt", vocab=b"", loads=False)
    yield make("nothing at all", vocab=None, loads=False)
    yield make("vocab.txt that is not UTF-8", vocab=b"[PAD]\n[UNK]\n\xff\xfe\n", loads=False)
    yield make("BPE", vocab=None, tokenizer=tokenizer_json(model={"type": "BPE", "merges": []}), loads=False)
    yield make("another normalizer", vocab=None, config=FAST, tokenizer=tokenizer_json(normalizer={"type": "NFC"}), loads=False)
    yield make("broken JSON", vocab=None, tokenizer=b'{"model": {', loads=False)
    yield make("ids below 0", vocab=None, tokenizer=tokenizer_json(model={"vocab": {"[UNK]": -1}}), loads=False)
    yield make("ids beyond the limit", vocab=None, tokenizer=tokenizer_json(model={"vocab": {"[UNK]": 1 << 31}}), loads=False)
