"""BLEU and CIDEr as coco-caption computes them, over texts cut into words in a simple way.

coco-caption cuts with the Penn Treebank tokenizer, in Java. Here a text is put in lower case, what is
neither letter nor digit parts words, and nothing else is done; "t-shirt" and "don't" are two words each.
Captions compared with each other are cut alike, but numbers published with the other tokenizer
differ a little.
"""

import collections
import math
import re

import numpy

MAX_N = 4
# coco-caption's: sums that would be divided by nothing, and the width of CIDEr's penalty of lengths.
TINY, SMALL, SIGMA = 1e-15, 1e-9, 6.0


def words(text):
    return re.findall(r"[^\W_]+", text.lower())


def ngrams(tokens):
    """→ how often each n-gram occurs, per n from 1 to 4"""
    return [collections.Counter(tuple(tokens[i:i + n]) for i in range(len(tokens) - n + 1))
            for n in range(1, MAX_N + 1)]


def bleu_counts(captions, references):
    """captions: a text per photo, references: several → [photos, 10]: matching n-grams for n from 1 to 4,
    n-grams there are, words, words of the reference nearest in length. Summed over any photos they give
    `bleu` of those."""
    rows = []
    for caption, texts in zip(captions, references, strict=True):
        tokens, others = words(caption), [words(text) for text in texts]
        most = [ngrams(other) for other in others]
        matching = [sum(min(count, max(other[n][gram] for other in most))
                        for gram, count in grams.items())
                    for n, grams in enumerate(ngrams(tokens))]
        there = [max(0, len(tokens) - n) for n in range(MAX_N)]
        nearest = min((abs(len(other) - len(tokens)), len(other)) for other in others)[1]
        rows.append([*matching, *there, len(tokens), nearest])
    return numpy.array(rows, dtype=numpy.float64)


def bleu(counts):
    """Sums of `bleu_counts` [..., 10] → [..., 4]: corpus BLEU-1 to BLEU-4"""
    precision = (counts[..., :MAX_N] + TINY) / (counts[..., MAX_N:2 * MAX_N] + SMALL)
    length = (counts[..., 8] + TINY) / (counts[..., 9] + SMALL)
    brevity = numpy.exp(numpy.minimum(0.0, 1 - 1 / length))
    roots = 1 / numpy.arange(1, MAX_N + 1)
    return numpy.cumprod(precision, axis=-1) ** roots * brevity[..., None]


def cider(captions, references):
    """→ [photos]: CIDEr of each, times 10; the mean of them is the set's. As in coco-caption this is what the
    paper calls CIDEr-D without stemming: matches clipped to the reference's, and a penalty of lengths
    that differ. How rare an n-gram is is learnt from these references."""
    hypotheses = [ngrams(words(caption)) for caption in captions]
    wanted = [[ngrams(words(text)) for text in texts] for texts in references]
    photos_with = collections.Counter(
        gram for texts in wanted for gram in {gram for text in texts for n in text for gram in n})
    photos = math.log(len(wanted))

    def vector(grams):
        weights = [{gram: count * (photos - math.log(max(1, photos_with[gram])))
                    for gram, count in n.items()} for n in grams]
        return weights, [math.hypot(*n.values()) for n in weights], sum(grams[1].values())

    scores = []
    for hypothesis, texts in zip(hypotheses, wanted, strict=True):
        ours, our_norms, our_length = vector(hypothesis)
        total = 0.0
        for theirs, norms, length in map(vector, texts):
            penalty = math.exp(-(our_length - length) ** 2 / (2 * SIGMA ** 2))
            for n in range(MAX_N):
                if our_norms[n] and norms[n]:
                    product = sum(min(weight, theirs[n].get(gram, 0.0)) * theirs[n].get(gram, 0.0)
                                  for gram, weight in ours[n].items())
                    total += penalty * product / (our_norms[n] * norms[n])
        scores.append(10 * total / MAX_N / len(texts))
    return numpy.array(scores)
