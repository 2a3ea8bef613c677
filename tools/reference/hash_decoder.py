"""A stand-in for a language model, for transformers' generate(): its logits are a hash of the image,
the last three tokens and the position. tests/generate/hash_decoder.hpp computes the same bits.

It also watches how close each decision of the search was, so that near-ties can be told apart.
"""
import numpy as np
import torch
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

U32 = np.uint32


def scramble(value):
    value = value ^ (value >> U32(16))
    value = value * U32(0x7FEB352D)
    value = value ^ (value >> U32(15))
    value = value * U32(0x846CA68B)
    return value ^ (value >> U32(16))


def unit_interval(value):
    return (value >> U32(8)).astype(np.float32) * np.float32(2.0 ** -24)


def hash_logits(spec, image, ids):
    """Logits [vocab_size] after the sequence `ids` about image number `image`."""
    with np.errstate(over="ignore"):
        state = scramble(U32(spec["seed"]))
        absorbed = [image]
        absorbed += [ids[-back] if len(ids) >= back else 0xFFFFFFFF for back in (1, 2, 3)]
        for value in [*absorbed, len(ids)]:
            state = scramble(state ^ (U32(value) * U32(0x9E3779B1) + U32(0x85EBCA77)))
        tokens = np.arange(spec["vocab_size"], dtype=U32)
        x = unit_interval(scramble(state + tokens * U32(0x9E3779B1)))
        for _ in range(spec["squarings"]):
            x = x * x
        scale = np.float32(spec["scale"])
        logits = x * scale
        stop_hash = scramble(state ^ U32(0xC2B2AE3D))
        if spec["stop_period"] and int(stop_hash) % spec["stop_period"] == 0:
            high = np.float32(0.75) + np.float32(0.25) * unit_interval(scramble(stop_hash))
            logits[spec["stop_token_id"]] = high * scale
        return logits


class HashConfig(PretrainedConfig):
    model_type = "hash_decoder"

    def __init__(self, vocab_size=8, max_position_embeddings=512, **kwargs):
        self.vocab_size = vocab_size
        self.max_position_embeddings = max_position_embeddings
        self.num_hidden_layers = 1
        super().__init__(**kwargs)


def gap_of_best(scores, count):
    """The smallest difference between neighbours among the `count` best and the one after them.
    Banned and impossible scores do not count: their order is nobody's business."""
    best = torch.topk(scores, min(count + 1, scores.shape[-1]), dim=-1)[0]
    gaps = (best[..., :-1] - best[..., 1:])[best[..., 1:] > -1e8]
    return float(gaps.min()) if gaps.numel() else float("inf")


def unpadded(transitions, ids, prompt_length):
    return [row[:len(own) - prompt_length].tolist() for row, own in zip(transitions, ids)]


class HashDecoder(PreTrainedModel, GenerationMixin):
    config_class = HashConfig

    def __init__(self, spec, images):
        super().__init__(HashConfig(spec["vocab_size"]))
        self.spec = spec
        self.images = images  # of the rows of the batch that generate() is called with
        self.anchor = torch.nn.Parameter(torch.zeros(1))  # generate() asks for a device
        self.margin = float("inf")
        self.degenerate = False

    def forward(self, input_ids, image_rows=None, **_):
        rows = [hash_logits(self.spec, self.images[int(image)], ids.tolist())
                for ids, image in zip(input_ids, image_rows)]
        return CausalLMOutput(logits=torch.from_numpy(np.stack(rows))[:, None, :])

    def prepare_inputs_for_generation(self, input_ids, image_rows=None, **_):
        return {"input_ids": input_ids, "image_rows": image_rows}

    def _get_top_k_continuations(self, accumulated_log_probs, beams_to_keep, **kwargs):
        self.margin = min(self.margin, gap_of_best(accumulated_log_probs, beams_to_keep))
        return super()._get_top_k_continuations(
            accumulated_log_probs=accumulated_log_probs, beams_to_keep=beams_to_keep, **kwargs)

    def _get_running_beams_for_next_iteration(self, topk_log_probs,
                                              next_token_hits_stopping_criteria, **kwargs):
        result = super()._get_running_beams_for_next_iteration(
            topk_log_probs=topk_log_probs,
            next_token_hits_stopping_criteria=next_token_hits_stopping_criteria, **kwargs)
        # A beam that continues something impossible: what it is depends on how torch orders ties.
        if not next_token_hits_stopping_criteria.all() and (result[1] < -1e8).any():
            self.degenerate = True
        return result

    def _update_finished_beams(self, **kwargs):
        result = super()._update_finished_beams(**kwargs)
        self.margin = min(self.margin, gap_of_best(result[1], result[1].shape[1] - 1))
        return result

    def _check_early_stop_heuristic(self, **kwargs):
        length = kwargs["cur_len"] - kwargs["decoder_prompt_len"]
        if kwargs["early_stopping"] == "never" and kwargs["length_penalty"] > 0.0:
            length = kwargs["max_length"] - kwargs["decoder_prompt_len"]
        best = kwargs["running_beam_scores"][:, :1] / length ** kwargs["length_penalty"]
        worst = kwargs["beam_scores"].min(dim=1, keepdim=True)[0]
        near = (best - worst).abs()[(worst > -1e8) & (best > -1e8)]
        if near.numel():
            self.margin = min(self.margin, float(near.min()))
        return super()._check_early_stop_heuristic(**kwargs)

    def run(self, prompts, model_options, options):
        """transformers' generate(): {"ids": […], "scores": […], "transitions": [[…]]} with nothing
        padded; the transitions are the normalised log-probabilities of the generated tokens."""
        spec = self.spec
        for name, value in model_options.items():
            setattr(self.generation_config, name, value)
        count = len(prompts)
        output = self.generate(
            input_ids=torch.tensor(prompts), image_rows=torch.arange(count),
            eos_token_id=spec["stop_token_id"], pad_token_id=0, use_cache=False,
            return_dict_in_generate=True, **{**options, "output_scores": True})
        prompt_length = len(prompts[0])
        if getattr(output, "sequences_scores", None) is not None:
            lengths = prompt_length + (output.beam_indices >= 0).sum(dim=1)
            scores = output.sequences_scores.tolist()
            ids = [row[:n].tolist() for row, n in zip(output.sequences, lengths)]
            transitions = self.compute_transition_scores(
                output.sequences, output.scores, output.beam_indices, normalize_logits=True)
            return {"ids": ids, "scores": scores,
                    "transitions": unpadded(transitions, ids, prompt_length)}
        ids = []
        for row in output.sequences.tolist():
            new = row[prompt_length:]
            if spec["stop_token_id"] in new:
                new = new[:new.index(spec["stop_token_id"]) + 1]
            ids.append(row[:prompt_length] + new)
        transitions = self.compute_transition_scores(output.sequences, output.scores,
                                                     normalize_logits=True)
        scores = [float(t[:len(i) - prompt_length].sum()) for t, i in zip(transitions, ids)]
        for step, step_scores in enumerate(output.scores):
            for row, row_ids in enumerate(ids):
                if step < len(row_ids) - prompt_length:
                    best = step_scores[row].topk(2)[0]
                    if best[1] > -1e8:
                        self.margin = min(self.margin, float(best[0] - best[1]))
                    elif best[0] < -1e8:
                        self.degenerate = True
        return {"ids": ids, "scores": scores,
                "transitions": unpadded(transitions, ids, prompt_length)}
