"""Texts for parity_text.py and for the fixtures of tests/text."""
import json
import random

# One of each thing that a tokenizer gets wrong.
CURATED = [
    "", " ", "   ", "\t\n\r", "\u3000\u2003", "a", "a picture of", "a picture of ", " a  picture\tof\n",
    "A woman sitting on the beach with her dog.", "Don't do not; isn't it? It's John's! We've, they're, I'm",
    "dogs' bones ' quoted ' \"double\" ``ticks``", "t-shirt state-of-the-art 3.14 $5.00 50% a+b=c <html> ~tilde^ |pipe|",
    "hello@example.com http://example.org/path?q=1&r=2#frag C:\\dir", "1,000,000 items... really?!?! (yes) [no] {maybe}",
    "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[sep]", "[Sep]", "[SEP", "SEP]", "a[SEP]b", "[[SEP]]", "[MASK]s",
    "[CLS][SEP][MASK]", " [SEP] x", "x  [MASK]  y", "[S\u0045P]", "[SE\u0301P]", "[\u200bSEP]", "x\u0301[SEP]\u0301",
    "[DEC]", "[ENC]", "[unused0]", "[unused99]", "##ing", "un##able", "# #", "##",
    "café CAFÉ cafe\u0301 naïve Ångström A\u030angstro\u0308m", "Zoë coöperate façade résumé über Straße STRASSE ẞ ß",
    "İstanbul Iğdır ılık I i İ ı I\u0307 i\u0307", "Σίσυφος ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ ς σ Σ ΑΣ ΑΣ.", "ᾳ ᾼ ΐ ΰ ᾷ",
    "Привет МИР ё Ё й Й ЇЄ", "שָׁלוֹם עולם", "السَّلامُ عَلَيْكُم لا", "हिन्दी नमस्ते की", "ภาษาไทย สวัสดี", "தமிழ் வணக்கம்",
    "한국어 가나다 \u1112\u1161\u11ab\u1100\u116e\u11a8 각", "日本語のテキスト カタカナ ｶﾀｶﾅ が か\u3099", "中文字符测试", "狗dog犬", "\u3400\u4dbf\u4e00\u9fff",
    "\U00020000\U0002a6df\U0002a700\U0002b81f\U0002b820\U0002ceaf\U0002f800", "\uf900\ufa0e\ufaff 豈",
    "😀 😀😀 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 ❤️ ☺", "emoji😀inside", "e\u0301\u0327\u0323 q\u0323\u0307 q\u0307\u0323", "a\u0300\u0301\u0302\u0303\u0304\u0305",
    "zero\u200bwidth\u200cjoin\u200der\ufeffbom\u2060", "soft\u00adhyphen nb\u00a0space nnb\u202fspace ideo\u3000space", "null\x00byte bell\x07 del\x7f esc\x1b[0m",
    "line\u2028sep para\u2029sep nel\x85 vt\x0b ff\x0c", "rtl \u202eoverride\u202c \u2066isolate\u2069 \u200elrm\u200f", "repl\ufffdacement pri\ue000vate \U000f0000 \U0010fffd",
    "tag \U000e0041\U000e007f vs\ufe0f vs\U000e0100x", "“smart” ‘quotes’ – — … • † ‡ ‰ ′ ″ « »", "£ € ¥ ¢ § ¶ © ® ™ ° ± × ÷ ¬ ¦ ¨ ¯ ´ ¸ ª º",
    "½ ² ³ ¹ ⅓ Ⅷ ⅷ ① ⑳ ㈱ ㎏ ﬁ ﬂ ŉ ǆ Ǆ ǅ", "ａｂｃ ＡＢＣ １２３ ！？", "𝐛𝐨𝐥𝐝 𝒊𝒕𝒂𝒍 𝔊 𝟘", "ﷺ ﷻ ﻻ", "Ω Ω K Å", "ǖ Ǖ ṩ Ṩ ệ Ệ ﬀ",
    "\u0130\u0307 \u0049\u0307\u0301", "\U0001d165\U0001d16d \u302e\u302f", "\u0344 \u0340\u0341\u0343", "\u0f71\u0f72\u0f74 \u0f73", "\u1b05 \u1b06\u1b35",
    "\u1e9e \u2126 \u212a \u212b", "\u10a0\u2d00 \u13a0\uab70 \u1c90\u10d0", "\ua7c5\ua7cb\ua7cc\ua7da\ua7dc", "\U00010d50\U00010d70 \U00016ea0 \U00010400\U00010428",
    "\u1734 \u111c9 \u166d \U00011938 \u061c \u061d \u08e2 \u0890", "\u180e \u2e52 \u2e5d \U00011fff \u2e43", "\u1df6\u0301 \u0898\u0301 \u1abf", "\u0378 \u0530 \U000e0080 \U0001fffe \uffff",
    "w" * 99, "w" * 100, "w" * 101, "é" * 100, "é" * 101, "a" * 200, "supercalifragilisticexpialidocious" * 3, "ab" * 50 + " " + "ab" * 51,
    "pneumonoultramicroscopicsilicovolcanoconiosis", "xqzjkvxqzjkv", "\u4e00" * 120, "." * 150, "-" * 5 + ">", "a.b.c.d", "...", "…",
    "i'm don't won't can't shouldn't've y'all'd've", "n't 's 'm 've 're ' ", "what ? yes ! no , ok .", "The end .\nNew line , here ?",
]

SCRIPTS = [(0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x590, 0x5FF), (0x600, 0x6FF),
           (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x3040, 0x30FF), (0x3400, 0x9FFF),
           (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0x10400, 0x1044F), (0x1D400, 0x1D7FF), (0x20000, 0x2FA1F)]
MARKS = [(0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x64B, 0x65F), (0x93C, 0x94D), (0x1AB0, 0x1ACE), (0x1DC0, 0x1DFF),
         (0x20D0, 0x20F0), (0x302A, 0x302F), (0xFE20, 0xFE2F), (0x1D165, 0x1D172)]
CONTROLS = [(0, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xE000, 0xE00F),
            (0xFFF9, 0xFFFD), (0xFEFF, 0xFEFF), (0xE0020, 0xE007F), (0xFE00, 0xFE0F)]
SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
EMOJI = [(0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF), (0x2600, 0x27BF), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF)]
LITERALS = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[sep]", "[DEC]", "##", "'s", "n't", " ' ", "don't", "\u200d", "\ufe0f",
            "İ", "ß", "ẞ", "Σ", "ς", "I\u0307", "...", "the", "dog", "a", "UPPER"]


def read_captions(path):
    """Lines of a text file, or every string inside the "captions" (or any) of a JSON file."""
    def strings(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from strings(item)
        elif isinstance(value, dict):
            yield from strings(value["captions"] if "captions" in value else list(value.values()))

    with open(path, encoding="utf-8") as source:
        if str(path).endswith(".json"):
            return list(strings(json.load(source)))
        if str(path).endswith(".jsonl"):
            return [s for line in source if line.strip() for s in strings(json.loads(line))]
        return source.read().split("\n")[:-1]


def english_like(vocabulary, count, seed):
    """Sentences of the vocabulary's words, with capitals and punctuation as captions have."""
    generator = random.Random(seed)
    with open(vocabulary, encoding="utf-8") as source:
        tokens = source.read().split("\n")[999:20000]
    words = [t for t in tokens if t.isascii() and t.isalpha()]
    endings = [t[2:] for t in tokens if t.startswith("##") and t[2:].isascii() and t[2:].isalpha()]
    lines = []
    for _ in range(count):
        sentence = []
        for _ in range(generator.randrange(3, 18)):
            word = generator.choice(words[:2000] if generator.random() < 0.7 else words)
            if generator.random() < 0.1:
                word += generator.choice(endings)
            if generator.random() < 0.05:
                word += generator.choice(["'s", "n't", "-" + generator.choice(words), ",", ";"])
            sentence.append(word.capitalize() if generator.random() < 0.1 else word)
        lines.append(" ".join(sentence).capitalize() + generator.choice(["", ".", " .", "!", "?"]))
    return lines


def unicode_lines(count, seed):
    generator = random.Random(seed)

    def one_of(ranges):
        low, high = generator.choice(ranges)
        return chr(generator.randint(low, high))

    def any_code_point():
        c = generator.randrange(0x110000 - 0x800)
        return chr(c if c < 0xD800 else c + 0x800)

    def word():
        script = generator.choice(SCRIPTS)
        letters = [one_of([script]) for _ in range(generator.randrange(1, 8))]
        if generator.random() < 0.4:
            letters = [x + "".join(one_of(MARKS) for _ in range(generator.randrange(0, 4))) for x in letters]
        return "".join(letters)

    makers = [
        (10, word),
        (3, lambda: generator.choice(LITERALS)),
        (3, lambda: generator.choice(SPACES) * generator.randrange(1, 4)),
        (2, lambda: one_of(CONTROLS)),
        (2, lambda: one_of(MARKS)),
        (2, lambda: one_of(EMOJI) + generator.choice(["", "\ufe0f", "\u200d" + one_of(EMOJI), one_of(EMOJI)])),
        (2, lambda: one_of([(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E), (0xA1, 0xBF), (0x2010, 0x2027), (0x3001, 0x3011)])),
        (2, any_code_point),
        (1, lambda: one_of([(0x61, 0x7A)]) * generator.choice([99, 100, 101, 200])),
        (1, lambda: one_of(SCRIPTS) * generator.choice([50, 100, 101])),
        (1, lambda: str(generator.randrange(10 ** generator.randrange(1, 9)))),
    ]
    weights = [w for w, _ in makers]
    lines = []
    for _ in range(count):
        parts = [make() for _, make in generator.choices(makers, weights, k=generator.randrange(1, 16))]
        lines.append(generator.choice(["", " "]).join(parts))
    return lines
