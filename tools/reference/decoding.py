"""Settings of generation, and what comparing rows with transformers' takes."""

# Below this the oracle's own choice hangs on rounding: such cases are listed apart.
TIE_MARGIN = 1e-4

GREEDY = [
    {},
    {"max_new_tokens": 12},
    {"max_length": 15},
    {"min_length": 14, "max_length": 18},
    {"min_new_tokens": 6, "max_new_tokens": 10},
    {"repetition_penalty": 1.5, "max_new_tokens": 14},
    {"repetition_penalty": 0.8, "max_new_tokens": 10},
    {"no_repeat_ngram_size": 2, "max_new_tokens": 16},
    {"no_repeat_ngram_size": 1, "max_new_tokens": 12},
    {"repetition_penalty": 1.3, "no_repeat_ngram_size": 3, "min_new_tokens": 5, "max_new_tokens": 15},
]
BEAMS = [
    {"num_beams": 2},
    {"num_beams": 3},
    {"num_beams": 5, "max_new_tokens": 12},
    {"num_beams": 3, "length_penalty": 0.5},
    {"num_beams": 3, "length_penalty": 2.0},
    {"num_beams": 2, "length_penalty": 1.5, "early_stopping": True},
    {"num_beams": 5, "early_stopping": True, "max_new_tokens": 14},
    {"num_beams": 3, "early_stopping": "never", "max_new_tokens": 14},
    {"num_beams": 5, "early_stopping": "never", "length_penalty": 0.7, "max_new_tokens": 10},
    {"num_beams": 3, "min_length": 12, "max_length": 17},
    {"num_beams": 3, "min_new_tokens": 5, "max_new_tokens": 9},
    {"num_beams": 3, "repetition_penalty": 1.4, "max_new_tokens": 12},
    {"num_beams": 3, "no_repeat_ngram_size": 2, "max_new_tokens": 14},
    {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 10},
    {"num_beams": 5, "num_return_sequences": 2, "length_penalty": 0.8, "early_stopping": True,
     "max_new_tokens": 12},
    {"num_beams": 2, "repetition_penalty": 1.2, "no_repeat_ngram_size": 3, "min_new_tokens": 4,
     "max_new_tokens": 12},
]


def strip_padding(row, stop, start_length):
    """transformers pads finished rows (with the pad or the stop token), the library does not."""
    row = list(row)
    if stop in row[start_length:]:
        row = row[:row.index(stop, start_length) + 1]
    return row


def transitions(decoder, output, rows, start_length):
    """The normalised log-probabilities of the generated tokens of `rows`, which are the sequences of
    `output` (of `decoder`'s `generate` with scores) without padding."""
    scores = decoder.compute_transition_scores(output.sequences, output.scores,
                                               output.get("beam_indices"), normalize_logits=True)
    return [row[:len(ids) - start_length].tolist() for row, ids in zip(scores, rows)]


def margin(decoder, generate, beams):
    """How far apart the choices nearest to each other were, over all steps. `generate` runs `decoder`'s
    `generate` with scores and returns its dictionary."""
    if beams == 1:
        tops = [scores.topk(2, dim=-1).values for scores in generate().scores]
        return min(float((t[..., 0] - t[..., 1]).min()) for t in tops)
    gaps = [float("inf")]
    select = decoder._get_top_k_continuations

    def record(*args, **kwargs):
        scores = kwargs["accumulated_log_probs"].flatten()
        top = scores.topk(min(2 * beams + 1, scores.numel())).values
        top = top[top > -1e8]  # below: beams that do not run yet
        gaps.extend((top[:-1] - top[1:]).tolist())
        return select(*args, **kwargs)

    decoder._get_top_k_continuations = record
    try:
        final = generate().sequences_scores
    finally:
        del decoder._get_top_k_continuations
    gaps.extend((final[:-1] - final[1:]).abs().tolist())
    return min(gaps)
