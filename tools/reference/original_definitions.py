"""What Salesforce's BLIP computes where transformers does not, or does otherwise: its texts ([ENC], 35
tokens, padding with masks), ranking answers, re-ranking for retrieval, reasoning over two images
(NLVR2). Plain PyTorch over a dictionary of weights, written from the definitions; the image
features are those of transformers' vision tower, which is the original's.
"""

import math
import re

import torch
from torch.nn import functional
from transformers import BlipVisionModel

TEXT_TOKENS = 35
LABEL_SMOOTHING = 0.1
# NLVR2's layers from here on have a projection that merges what was read of the two images; the
# earlier ones take the mean.
FIRST_MERGING_LAYER = 6
# "Minus infinity" of the attention masks: the original's own value, whose exp is 0 in float32.
MASKED = -10000.0


def pre_caption(caption, max_words=50):
    caption = re.sub(r"([.!\"()*#:;~])", " ", caption.lower())
    caption = re.sub(r"\s{2,}", " ", caption).rstrip("\n").strip(" ")
    return " ".join(caption.split(" ")[:max_words])


def pre_question(question, max_words=50):
    question = re.sub(r"([.!\"()*#:;~])", "", question.lower()).rstrip(" ")
    return " ".join(question.split(" ")[:max_words])


def tokenize(tokenizer, texts, first_token=None, length=TEXT_TOKENS):
    """Padded to `length` (None: the longest, untruncated): ids and mask [texts, length]."""
    if length is None:
        encoded = tokenizer(texts, padding="longest", return_tensors="pt")
    else:
        encoded = tokenizer(texts, padding="max_length", truncation=True, max_length=length,
                            return_tensors="pt")
    ids = encoded["input_ids"].clone()
    if first_token is not None:
        ids[:, 0] = first_token
    return ids, encoded["attention_mask"]


def enc_token(config):
    """[ENC] was added to the tokenizer right after [DEC], the decoder's start token."""
    return config.text_config.bos_token_id + 1


class Weights:
    """Tensors by transformers' names, and the two layers that are made of them."""

    def __init__(self, tensors):
        self.tensors = {name: tensor.float() for name, tensor in tensors.items()}

    def __getitem__(self, name):
        return self.tensors[name]

    def linear(self, name, x):
        return functional.linear(x, self[name + ".weight"], self[name + ".bias"])

    def norm(self, name, x, eps):
        return functional.layer_norm(x, x.shape[-1:], self[name + ".weight"], self[name + ".bias"],
                                     eps)


class TextTower:
    """BERT with cross-attention after self-attention, as encoder or as decoder. The names of its
    weights begin with `prefix`."""

    def __init__(self, weights, prefix, config):
        self.weights, self.prefix = weights, prefix
        self.heads, self.eps = config.num_attention_heads, config.layer_norm_eps
        self.layers = config.num_hidden_layers

    def linear(self, name, x):
        return self.weights.linear(self.prefix + name, x)

    def norm(self, name, x):
        return self.weights.norm(self.prefix + name, x, self.eps)

    def attend(self, name, x, states, mask):
        # x: [B, T, H], states: [B, S, E], mask: [B, T or 1, S] of 0 and 1 → [B, T, H]
        def heads(y):
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        query, key, value = (heads(self.linear(f"{name}.{part}", y)) for part, y in
                             (("query", x), ("key", states), ("value", states)))
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        scores = scores + (1.0 - mask[:, None].to(scores.dtype)) * MASKED
        return (scores.softmax(-1) @ value).transpose(1, 2).flatten(-2)

    def read_two_images(self, index, name, x, left, right, mask):
        read = [self.linear(f"{name}.output.dense{k}",
                            self.attend(f"{name}.self{k}", x, states, mask))
                for k, states in enumerate((left, right))]
        if index >= FIRST_MERGING_LAYER:
            return self.linear(f"{name}.output.merge_layer", torch.cat(read, dim=-1))
        return (read[0] + read[1]) / 2

    def __call__(self, ids, mask, states=None, states_mask=None, causal=False):
        """ids, mask: [B, T] → [B, T, H]. `states`: [B, S, E] to cross-attend to, or two of them."""
        word = self.weights[self.prefix + "embeddings.word_embeddings.weight"]
        position = self.weights[self.prefix + "embeddings.position_embeddings.weight"]
        x = self.norm("embeddings.LayerNorm", word[ids] + position[:ids.shape[1]])
        self_mask = mask[:, None, :]
        if causal:
            self_mask = self_mask * torch.ones(ids.shape[1], ids.shape[1], dtype=mask.dtype).tril()
        pair = states if isinstance(states, tuple) else (states, None)
        if states is not None and states_mask is None:
            states_mask = torch.ones(pair[0].shape[:2], dtype=mask.dtype)
        for index in range(self.layers):
            layer = f"encoder.layer.{index}"
            name = layer + ".attention"
            read = self.linear(name + ".output.dense",
                               self.attend(name + ".self", x, x, self_mask))
            x = self.norm(name + ".output.LayerNorm", read + x)
            if states is not None:
                name = layer + ".crossattention"
                if pair[1] is None:
                    read = self.linear(name + ".output.dense", self.attend(
                        name + ".self", x, pair[0], states_mask[:, None, :]))
                else:
                    read = self.read_two_images(index, name, x, *pair, states_mask[:, None, :])
                x = self.norm(name + ".output.LayerNorm", read + x)
            inner = functional.gelu(self.linear(layer + ".intermediate.dense", x))
            x = self.norm(layer + ".output.LayerNorm",
                          self.linear(layer + ".output.dense", inner) + x)
        return x

    def word_logits(self, x):
        # x: [B, T, H] → [B, T, V]; the head lies beside the tower's "bert."
        head, weights = self.prefix.replace("bert.", "cls.predictions."), self.weights
        x = functional.gelu(weights.linear(head + "transform.dense", x))
        x = weights.norm(head + "transform.LayerNorm", x, self.eps)
        return functional.linear(x, weights[head + "decoder.weight"], weights[head + "bias"])


class QuestionAnswering:
    """The towers of a VQA checkpoint. The decoder's cross-attention reads the question's states, which
    are as wide as the text, whatever the width of the vision tower."""

    def __init__(self, weights, config):
        self.config = config
        self.encoder = TextTower(weights, "text_encoder.", config.text_config)
        self.decoder = TextTower(weights, "text_decoder.bert.", config.text_config)

    def question_states(self, image, ids, mask):
        # image: [B, N, E], ids, mask: [B, T] → [B, T, H]
        return self.encoder(ids, mask, image)

    def logits(self, states, states_mask, ids, mask):
        return self.decoder.word_logits(self.decoder(ids, mask, states, states_mask, causal=True))

    def rank_answers(self, states, states_mask, answer_ids, answer_mask, k):
        """states: [1, T, H]; answers [A, L], [CLS] … [SEP], padded. → the k answers with the likeliest
        first tokens, best first, their scores, and by what part of it the first token of the k-th was
        likelier than that of the next (0: a tie)."""
        ids = answer_ids.clone()
        ids[:, 0] = start = self.config.text_config.bos_token_id
        one = torch.ones(1, 1, dtype=torch.long)
        first = self.logits(states, states_mask, one * start, one)[0, 0].softmax(-1)
        likely = first[ids[:, 1]].sort(descending=True, stable=True)
        k = min(k, len(ids))
        chosen = likely.indices[:k]
        cut = 1.0 if k == len(ids) else 1.0 - float(likely.values[k] / likely.values[k - 1])
        ids, mask = ids[chosen], answer_mask[chosen]
        targets = ids.masked_fill(mask == 0, -100)
        logits = self.logits(states.expand(k, -1, -1), states_mask.expand(k, -1), ids, mask)
        loss = functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten(), reduction="none",
            label_smoothing=LABEL_SMOOTHING).view(k, -1).sum(1)
        best = (-loss).sort(descending=True, stable=True)
        return chosen[best.indices].tolist(), best.values, cut


class ImageTextRetrieval:
    """The text side of a retrieval checkpoint, over padded texts with masks."""

    def __init__(self, weights, config):
        self.weights, self.config = weights, config
        self.encoder = TextTower(weights, "text_encoder.", config.text_config)

    def image_features(self, image):
        return functional.normalize(self.weights.linear("vision_proj", image[:, 0]), dim=-1)

    def text_features(self, ids, mask):
        first = self.encoder(ids, mask)[:, 0]
        return functional.normalize(self.weights.linear("text_proj", first), dim=-1)

    def itm_logits(self, image, ids, mask):
        return self.weights.linear("itm_head", self.encoder(ids, mask, image)[:, 0])


def rerank(cosines, match_logit, k):
    """cosines: [candidates] → the best k by cosine in the order of match_logit(candidate) + cosine,
    with those scores."""
    nearest = cosines.topk(min(k, len(cosines))).indices.tolist()
    scores = {c: float(match_logit(c)) + float(cosines[c]) for c in nearest}
    order = sorted(nearest, key=lambda c: -scores[c])
    return order, [scores[c] for c in order]


class TwoImageReasoning:
    """BLIP's NLVR2 model. Image and text widths may differ."""

    def __init__(self, weights, config):
        self.weights = weights
        self.vision = BlipVisionModel(config.vision_config).eval()
        prefix = "vision_model."
        own = {name.removeprefix(prefix): tensor for name, tensor in weights.tensors.items()
               if name.startswith(prefix)}
        self.vision.load_state_dict(own, strict=True)
        self.encoder = TextTower(weights, "text_encoder.", config.text_config)

    def logits(self, left, right, ids, mask):
        # left, right: [B, N, E], ids ([ENC] first), mask: [B, T] → [B, 2], class 1 = true
        x = self.encoder(ids, mask, (left, right))[:, 0]
        return self.weights.linear("cls_head.2", self.weights.linear("cls_head.0", x).relu())
