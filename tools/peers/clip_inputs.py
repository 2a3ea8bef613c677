"""What every peer does around a CLIP's towers: texts of one length, unit vectors, logits."""

import numpy

KINDS = ("embed_images", "embed_texts", "labels")
END = 49407  # also what transformers pads with; attention looks back only, so padding changes nothing
LOGIT_SCALE = 4.6052  # of the checkpoint, the logarithm of 100
TEXTS_AT_ONCE = 100


def padded(rows, length=None):
    """rows of token ids → [B, T], T the longest"""
    length = length or max(map(len, rows))
    return numpy.array([row + [END] * (length - len(row)) for row in rows], dtype=numpy.int64)


def parts(rows):
    """[B, T] → pieces of TEXTS_AT_ONCE rows"""
    return [rows[start:start + TEXTS_AT_ONCE] for start in range(0, len(rows), TEXTS_AT_ONCE)]


def unit(rows):
    return rows / numpy.linalg.norm(rows, axis=-1, keepdims=True)


def logits(images, texts):
    """image embeds [I, P], text embeds [T, P] → [I, T]"""
    return numpy.exp(LOGIT_SCALE, dtype=numpy.float32) * unit(images) @ unit(texts).T
