"""Whether outputs agree: token ids and texts must be the same, numbers within the limits of
docs/parity.md; of contenders that do not compute in float32, the difference is told."""

import numpy

LIMITS = {"vision": 1e-4, "itm": 2e-4}


def array(path, shape):
    return numpy.fromfile(path, dtype=numpy.float32).reshape(shape)


def compare_rows(rows, wanted, what):
    """→ how many are the same, in words, and whether all are"""
    if len(rows) != len(wanted):
        return f"{len(rows)} {what} for {len(wanted)}", False
    same = sum(row == other for row, other in zip(rows, wanted))
    return f"{same}/{len(wanted)} {what} the same", same == len(wanted)


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


def agreement(kind, answer, reference):
    """answer, reference: {"lines": …}, {"ids": …} or {"array": …} → words, and whether it is exact"""
    if "lines" in answer:
        return compare_rows(answer["lines"], reference["lines"], "captions")
    if "ids" in answer:
        return compare_rows(answer["ids"], reference["ids"], "sequences")
    return compare_arrays(answer["array"], reference["array"], LIMITS[kind])
