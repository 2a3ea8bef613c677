"""Whether outputs agree: token ids and texts must be the same, numbers within the limits of
docs/parity.md; of contenders that do not compute in float32, the difference is told."""

import numpy

# Embeddings are of unit length; labels are cosines times exp(logit_scale), which is 100.
LIMITS = {"vision": 1e-4, "itm": 2e-4, "embed_images": 2e-6, "embed_texts": 2e-6, "labels": 2e-4,
          "process": 1e-5}


def array(path, shape):
    return numpy.fromfile(path, dtype=numpy.float32).reshape(shape)


def compare_rows(rows, wanted, what):
    """→ how many are the same, in words, and whether all are"""
    if len(rows) != len(wanted):
        return f"{len(rows)} {what} for {len(wanted)}", False
    same = sum(row == other for row, other in zip(rows, wanted))
    return f"{same}/{len(wanted)} {what} the same", same == len(wanted)


def compare_codes(rows, wanted):
    """Pictures of random weights part at a near-tie, behind which all is different. parity_dalle.py judges
    ties; here the pictures must be as long and begin alike."""
    if [len(row) for row in rows] != [len(row) for row in wanted]:
        return "codes of other numbers", False
    same = [next((i for i, (a, b) in enumerate(zip(row, other)) if a != b), len(row))
            for row, other in zip(rows, wanted)]
    return (f"the first {min(same)} to {max(same)} of {len(wanted[0])} codes the same", min(same) > 0)


def compare_arrays(got, wanted, limit):
    """The greatest difference, and the root of the mean square of it relative to the numbers'. `got`
    may be of the first rows only."""
    wanted = wanted[:len(got)]
    if got.shape != wanted.shape:
        return f"shape {got.shape} for {wanted.shape}", False
    difference = got.astype(numpy.float64) - wanted
    greatest = float(numpy.abs(difference).max())
    relative = numpy.linalg.norm(difference) / numpy.linalg.norm(wanted.astype(numpy.float64))
    return f"within {greatest:.1e} ({100 * relative:.2g} % rms)", greatest <= limit


def compare_choices(kind, got, wanted):
    """Of embeddings, the smallest cosine to the reference's; of labels, whether the best is the same."""
    if kind == "labels":
        same = (got.argmax(-1) == wanted.argmax(-1)).mean()
        return f"{100 * same:.3g} % the same best label"
    got, wanted = (rows / numpy.linalg.norm(rows, axis=-1, keepdims=True) for rows in (got, wanted))
    return f"cosine at least {(got * wanted).sum(-1).min():.4f}"


def agreement(kind, answer, reference):
    """answer, reference: {"lines": …}, {"ids": …} or {"array": …} → words, and whether it is exact"""
    if "lines" in answer:
        return compare_rows(answer["lines"], reference["lines"], "captions")
    if "ids" in answer:
        if kind == "draw":
            return compare_codes(answer["ids"], reference["ids"])
        return compare_rows(answer["ids"], reference["ids"], "sequences")
    got, wanted = answer["array"], reference["array"]
    words, agrees = compare_arrays(got, wanted, LIMITS[kind])
    if kind in ("vision", "itm") or got.shape != wanted.shape:
        return words, agrees
    return f"{words}; {compare_choices(kind, got, wanted)}", agrees
