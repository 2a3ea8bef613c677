"""Small tokenizers of SigLIP's two kinds: models of the sentencepiece library, and Gemma's byte pairs in a tokenizer.json.

The real vocabularies (32,000 pieces and 256,000 tokens) are the hub's alone; these have all that the real ones have.
"""
import io
import json
import pathlib
import tempfile

import sentencepiece
import text_lines
from parity_text import VOCABULARY
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

# As of google/siglip-base-patch16-224. Without an attention mask, as the model was trained, the padding is seen.
SIGLIP_CONFIG = {
    "model_input_names": ["input_ids"],
    "tokenizer_class": "SiglipTokenizer", "model_max_length": 64, "do_lower_case": True, "eos_token": "</s>", "pad_token": "</s>",
    "unk_token": "<unk>", "additional_special_tokens": [], "clean_up_tokenization_spaces": True, "sp_model_kwargs": {},
    "added_tokens_decoder": {
        str(i): {"content": content, "lstrip": True, "normalized": False, "rstrip": True, "single_word": False, "special": True}
        for i, content in ((1, "</s>"), (2, "<unk>"))}}
GEMMA_CONFIG = {
    "model_input_names": ["input_ids"], "tokenizer_class": "GemmaTokenizer", "add_bos_token": False, "add_eos_token": True,
    "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>", "model_max_length": 64,
    "padding_side": "right", "clean_up_tokenization_spaces": False}

# A table of rules small enough for a fixture: code points before and after, in hexadecimal.
RULES = [("FF21", "41"), ("FF22", "42"), ("2167", "56 49 49 49"), ("BD", "31 2044 32"), ("FDFA", "635 644 649 20 627 644 644 647"),
         ("A0", "20"), ("3000", "20"), ("9", "20"), ("200B", ""), ("65 301", "E9"), ("1112 1161 11AB", "D55C"), ("3B1 3C3", "3B2"),
         ("FFFD", "20"), ("FB01", "66 69")]


def corpus(lines=6000):
    canonical = [line.lower() for line in text_lines.english_like(VOCABULARY, lines, seed=21)]
    return canonical + ["café naïve über 狗 犬 привет мир 日本語 σίσυφος"] * 40


def spiece(size=600, rules=None, **options):
    """→ the bytes of a model. Without `rules` its normalisation is the library's nmt_nfkc, whose table has 240 kB."""
    # Ids as T5's and SigLIP's: padding, end, unknown.
    chosen = dict(model_type="unigram", vocab_size=size, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, character_coverage=0.9995,
                  num_threads=1, minloglevel=2, **options)
    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        if rules is not None:
            table.write("".join(f"{before}\t{after}\n" for before, after in rules))
            table.flush()
            chosen["normalization_rule_tsv"] = table.name
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(corpus()), model_writer=model, **chosen)
    return model.getvalue()


def write_siglip(directory, model, config=SIGLIP_CONFIG):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "spiece.model").write_bytes(model)
    if config is not None:
        (directory / "tokenizer_config.json").write_text(json.dumps(config))
    return directory


def gemma(size=700):
    """→ a tokenizer.json, trained. The tokens of all bytes come first, as in Gemma's."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern="▁", behavior="merged_with_next", invert=False)
    named = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "[multimodal]", "\n\n", "<b>"]
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=size, special_tokens=named + [f"<0x{byte:02X}>" for byte in range(256)], show_progress=False))
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = [token for token in document["added_tokens"] if not token["content"].startswith("<0x")]
    for token in document["added_tokens"][-2:]:
        token["special"] = False
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern=" ", behavior="merged_with_previous", invert=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A:0 <eos>:0", special_tokens=[("<eos>", 1)])
    return tokenizer.to_str()


def write_gemma(directory, document, config=GEMMA_CONFIG):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "tokenizer.json").write_text(document, encoding="utf-8")
    if config is not None:
        (directory / "tokenizer_config.json").write_text(json.dumps(config))
    return directory
