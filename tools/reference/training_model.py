"""BLIP's models in plain PyTorch, written from the definitions, as functions over a dictionary of tensors.
For training_oracle.py, which trains them.

Weights and images are made from names by a formula that C++ computes as well, to the bit
(tests/train/objectives/training_case.cpp), so that a case is a small JSON object.
"""

import math

import numpy
import torch
from torch.nn import functional

from efficientnet_lite import EfficientNetLite, without_counters

FIRST_MERGING_LAYER = 6


# --- numbers from names ------------------------------------------------------------------------

def uniform(name, shape):
    """[-1, 1): FNV-1a of the name, then splitmix64 of hash + index; 24 bits of each."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    count = math.prod(shape)
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(state) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    values = (z >> numpy.uint64(40)).astype(numpy.float64) / 2.0 ** 23 - 1.0
    return torch.from_numpy(values.reshape(shape))


def start_value(name, shape):
    """Weights of the spread that trained ones have."""
    if name == "temp":
        return torch.tensor(0.07, dtype=torch.float64)
    u = uniform(name, shape)
    if name.endswith("_queue"):
        return u * math.sqrt(3.0 / shape[0])
    if len(shape) == 1:
        is_scale = ("orm" in name or "_bn." in name) and name.endswith("weight") or name.endswith("running_var")
        return 1.0 + 0.1 * u if is_scale else 0.05 * u
    if "embedding" in name and "patch" not in name and "backbone" not in name:
        return 0.2 * u
    return u * (1.5 / math.sqrt(math.prod(shape[1:])))


# --- which tensors there are -------------------------------------------------------------------

def linear_shapes(name, outputs, inputs):
    return {name + ".weight": (outputs, inputs), name + ".bias": (outputs,)}


def norm_shapes(name, width):
    return {name + ".weight": (width,), name + ".bias": (width,)}


def backbone_of(config):
    """The backbone of a hybrid tower, which always uses the stored statistics of its batch norms; or None."""
    return EfficientNetLite(config["backbone_config"]).eval() if "backbone_config" in config else None


def backbone_shapes(prefix, config):
    network = backbone_of(config)
    state = without_counters(network.state_dict()) if network else {}
    return {f"{prefix}embeddings.backbone.{name}": tuple(tensor.shape) for name, tensor in state.items()}


def vision_shapes(prefix, config):
    """Without a backbone's."""
    width, patch, channels = config["hidden_size"], config["patch_size"], 3
    edge = config["image_size"] // patch
    if "backbone_config" in config:
        edge = math.ceil(config["image_size"] / (2 * math.prod(config["backbone_config"]["strides"])))
        patch, channels = 1, config["backbone_config"]["hidden_dim"]
    shapes = {prefix + "embeddings.class_embedding": (1, 1, width),
              prefix + "embeddings.position_embedding": (1, 1 + edge ** 2, width),
              prefix + "embeddings.patch_embedding.weight": (width, channels, patch, patch),
              prefix + "embeddings.patch_embedding.bias": (width,)}
    for i in range(config["num_hidden_layers"]):
        layer = f"{prefix}encoder.layers.{i}."
        shapes |= norm_shapes(layer + "layer_norm1", width) | norm_shapes(layer + "layer_norm2", width)
        shapes |= linear_shapes(layer + "self_attn.qkv", 3 * width, width)
        shapes |= linear_shapes(layer + "self_attn.projection", width, width)
        shapes |= linear_shapes(layer + "mlp.fc1", config["intermediate_size"], width)
        shapes |= linear_shapes(layer + "mlp.fc2", width, config["intermediate_size"])
    return shapes | norm_shapes(prefix + "post_layernorm", width)


def text_shapes(prefix, config, read_width, twin=False):
    width = config["hidden_size"]
    shapes = {prefix + "embeddings.word_embeddings.weight": (config["vocab_size"], width),
              prefix + "embeddings.position_embeddings.weight": (config["max_position_embeddings"], width)}
    shapes |= norm_shapes(prefix + "embeddings.LayerNorm", width)
    for i in range(config["num_hidden_layers"]):
        layer = f"{prefix}encoder.layer.{i}."
        for part in ("query", "key", "value"):
            shapes |= linear_shapes(f"{layer}attention.self.{part}", width, width)
            for image in ("01" if twin else [""]):
                shapes |= linear_shapes(f"{layer}crossattention.self{image}.{part}", width,
                                        width if part == "query" else read_width)
        for image in ("01" if twin else [""]):
            shapes |= linear_shapes(f"{layer}crossattention.output.dense{image}", width, width)
        if twin and i >= FIRST_MERGING_LAYER:
            shapes |= linear_shapes(layer + "crossattention.output.merge_layer", width, 2 * width)
        shapes |= linear_shapes(layer + "attention.output.dense", width, width)
        shapes |= norm_shapes(layer + "attention.output.LayerNorm", width)
        shapes |= norm_shapes(layer + "crossattention.output.LayerNorm", width)
        shapes |= linear_shapes(layer + "intermediate.dense", config["intermediate_size"], width)
        shapes |= linear_shapes(layer + "output.dense", width, config["intermediate_size"])
        shapes |= norm_shapes(layer + "output.LayerNorm", width)
    return shapes


def head_shapes(config):
    head, width = "text_decoder.cls.predictions.", config["hidden_size"]
    return ({head + "bias": (config["vocab_size"],)} | linear_shapes(head + "transform.dense", width, width)
            | norm_shapes(head + "transform.LayerNorm", width))


class Model:
    """The tensors of one task: `trained` by name; `momentum`, `queues`; `other_names` of shared ones."""

    def __init__(self, case, dtype):
        self.case, self.task, self.dtype = case, case["task"], dtype
        self.vision, self.text = case["config"]["vision_config"], case["config"]["text_config"]
        image, width, space = (self.vision["hidden_size"], self.text["hidden_size"],
                               case["config"]["image_text_hidden_size"])
        projections = linear_shapes("vision_proj", space, image) | linear_shapes("text_proj", space, width)
        shapes = vision_shapes("vision_model.", self.vision)
        backbone = backbone_shapes("vision_model.", self.vision)
        is_fixed = case.get("backbone_fixed", True)
        fixed = {name: shape for name, shape in backbone.items() if is_fixed or ".running_" in name}
        shapes |= {name: shape for name, shape in backbone.items() if name not in fixed}
        self.backbone = backbone_of(self.vision)
        self.other_names = {}
        if self.task in ("pretraining", "captioning"):
            shapes |= text_shapes("text_decoder.bert.", self.text, image) | head_shapes(self.text)
        if self.task in ("retrieval", "pretraining", "question_answering"):
            for name, shape in text_shapes("text_encoder.", self.text, image).items():
                if self.task == "pretraining" and ".attention." not in name:
                    self.other_names[name] = name.replace("text_encoder.", "text_decoder.bert.")
                else:
                    shapes[name] = shape
        if self.task == "question_answering":
            shapes |= text_shapes("text_decoder.bert.", self.text, width) | head_shapes(self.text)
        if self.task == "nlvr":
            shapes |= text_shapes("text_encoder.", self.text, image, twin=True)
            shapes |= linear_shapes("cls_head.0", width, width) | linear_shapes("cls_head.2", 2, width)
        followed, queues = {}, {}
        if self.task in ("retrieval", "pretraining"):
            followed = (vision_shapes("vision_model.", self.vision) | ({} if is_fixed else backbone)
                        | text_shapes("text_encoder.", self.text, image) | projections)
            shapes |= projections | linear_shapes("itm_head", 2, width) | {"temp": ()}
            queues = {name: (space, case["queue_size"]) for name in ("image_queue", "text_queue")}
        self.trained = {name: self.start(name, shape).requires_grad_() for name, shape in shapes.items()}
        self.momentum = {momentum_name(name): self.start(momentum_name(name), shape)
                         for name, shape in followed.items()}
        self.followed = {momentum_name(name): name for name in followed}
        self.fixed = {name: self.start(name, shape) for name, shape in fixed.items()}
        self.queues = {name: self.start(name, shape) for name, shape in queues.items()}
        self.pointer = 0
        if self.task == "retrieval":
            self.queues["idx_queue"] = torch.full((1, case["queue_size"]), -100)

    def start(self, name, shape):
        return start_value(name, shape).to(torch.float32).to(self.dtype)  # the same float32 for all

    def __getitem__(self, name):
        for tensors in (self.momentum, self.fixed):
            if name in tensors:
                return tensors[name]
        return self.trained[self.other_names.get(name, name)]

    # --- layers --------------------------------------------------------------------------------

    def linear(self, name, x):
        return x @ self[name + ".weight"].T + self[name + ".bias"]

    def norm(self, name, x, eps):
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred ** 2).mean(-1, keepdim=True)
        return centred / (variance + eps).sqrt() * self[name + ".weight"] + self[name + ".bias"]

    def see(self, images, prefix="vision_model."):
        """[B, 3, S, S] → [B, 1 + N, C]"""
        config = self.vision
        heads, eps, patch = config["num_attention_heads"], config["layer_norm_eps"], config["patch_size"]
        if self.backbone is not None:
            images, patch = self.map(images, prefix), 1
        # Patches in rows, each as channels, rows, columns: the order of the weights.
        pieces = images.unfold(2, patch, patch).unfold(3, patch, patch)
        pieces = pieces.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
        weight = self[prefix + "embeddings.patch_embedding.weight"].flatten(1)
        x = pieces @ weight.T + self[prefix + "embeddings.patch_embedding.bias"]
        start = self[prefix + "embeddings.class_embedding"].expand(len(images), -1, -1)
        x = torch.cat([start, x], dim=1) + self[prefix + "embeddings.position_embedding"]
        for i in range(config["num_hidden_layers"]):
            layer = f"{prefix}encoder.layers.{i}."
            qkv = self.linear(layer + "self_attn.qkv", self.norm(layer + "layer_norm1", x, eps))
            batch, tokens, width = x.shape
            q, k, v = qkv.view(batch, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            weights = torch.softmax(q @ k.mT / math.sqrt(width // heads), dim=-1)
            read = (weights @ v).permute(0, 2, 1, 3).reshape(batch, tokens, width)
            x = x + self.linear(layer + "self_attn.projection", read)
            inner = self.linear(layer + "mlp.fc1", self.norm(layer + "layer_norm2", x, eps))
            x = x + self.linear(layer + "mlp.fc2", gelu(inner))
        return self.norm(prefix + "post_layernorm", x, eps)

    def map(self, images, prefix):
        """[B, 3, S, S] → [B, hidden_dim, h, w]. A momentum copy of a fixed backbone is the backbone."""
        if self.case.get("backbone_fixed", True):
            prefix = "vision_model."
        tensors = {name: self[f"{prefix}embeddings.backbone.{name}"]
                   for name in without_counters(self.backbone.state_dict())}
        return torch.func.functional_call(self.backbone, tensors, (images,))

    def attend(self, name, query, memory, added):
        """added: [B, 1 or Tq, Tk], to the scores"""
        heads = self.text["num_attention_heads"]
        shape = (heads, query.shape[-1] // heads)
        q = self.linear(name + ".query", query).unflatten(-1, shape)
        k = self.linear(name + ".key", memory).unflatten(-1, shape)
        v = self.linear(name + ".value", memory).unflatten(-1, shape)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(shape[1])
        weights = torch.softmax(scores + added[:, None], dim=-1)
        return torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(-2)

    def read(self, prefix, ids, mask, memory=None, memory_mask=None, causal=False):
        """BERT. memory: nothing, [B, N, E], or a pair of them (NLVR2) → [B, T, H]"""
        eps, length = self.text["layer_norm_eps"], ids.shape[1]
        visible = mask[:, None, :].expand(-1, length, -1)
        if causal:
            visible = visible * torch.tril(torch.ones(length, length, dtype=mask.dtype))
        added = (1.0 - visible.to(self.dtype)) * -10000.0
        x = self[prefix + "embeddings.word_embeddings.weight"][ids]
        x = x + self[prefix + "embeddings.position_embeddings.weight"][:length]
        x = self.norm(prefix + "embeddings.LayerNorm", x, eps)
        for i in range(self.text["num_hidden_layers"]):
            layer = f"{prefix}encoder.layer.{i}."
            block = layer + "attention."
            out = self.linear(block + "output.dense", self.attend(block + "self", x, x, added))
            x = self.norm(block + "output.LayerNorm", x + out, eps)
            if memory is not None:
                block = layer + "crossattention."
                if isinstance(memory, tuple):
                    none = torch.zeros(1, 1, memory[0].shape[1], dtype=self.dtype)
                    outs = [self.linear(f"{block}output.dense{k}", self.attend(f"{block}self{k}", x, memory[k], none))
                            for k in (0, 1)]
                    out = (self.linear(block + "output.merge_layer", torch.cat(outs, dim=-1))
                           if i >= FIRST_MERGING_LAYER else (outs[0] + outs[1]) / 2)
                else:
                    none = torch.zeros(1, 1, memory.shape[1], dtype=self.dtype)
                    hidden = none if memory_mask is None else (1.0 - memory_mask[:, None, :].to(self.dtype)) * -1e9
                    out = self.linear(block + "output.dense", self.attend(block + "self", x, memory, hidden))
                x = self.norm(block + "output.LayerNorm", x + out, eps)
            inner = gelu(self.linear(layer + "intermediate.dense", x))
            x = self.norm(layer + "output.LayerNorm", x + self.linear(layer + "output.dense", inner), eps)
        return x

    def words(self, states):
        """[…, H] → logits [..., V], by the word embeddings themselves"""
        head = "text_decoder.cls.predictions."
        x = gelu(self.linear(head + "transform.dense", states))
        x = self.norm(head + "transform.LayerNorm", x, self.text["layer_norm_eps"])
        return x @ self["text_decoder.bert.embeddings.word_embeddings.weight"].T + self[head + "bias"]

    def features(self, image_states, ids, mask, suffix=""):
        """→ image and text features, each row of length 1"""
        image = self.linear("vision_proj" + suffix, image_states[:, 0])
        text = self.linear("text_proj" + suffix, self.read(f"text_encoder{suffix}.", ids, mask)[:, 0])
        return functional.normalize(image, dim=-1), functional.normalize(text, dim=-1)

    # --- what a step changes besides the trained tensors ---------------------------------------

    def follow(self, coefficient=0.995):
        with torch.no_grad():
            for name, tensor in self.momentum.items():
                tensor.copy_(coefficient * tensor + (1.0 - coefficient) * self[self.followed[name]])

    def enqueue(self, image, text, ids=None):
        with torch.no_grad():
            columns = slice(self.pointer, self.pointer + len(image))
            self.queues["image_queue"][:, columns] = image.T
            self.queues["text_queue"][:, columns] = text.T
            if ids is not None:
                self.queues["idx_queue"][0, columns] = ids
            self.pointer = (self.pointer + len(image)) % self.case["queue_size"]

    def load(self, state):
        with torch.no_grad():
            for name, tensor in {**self.trained, **self.momentum, **self.queues}.items():
                tensor.copy_(state[name])

    def state(self):
        pointer = {"retrieval": "ptr_queue", "pretraining": "queue_ptr"}.get(self.task)
        everything = {**self.trained, **self.momentum, **self.fixed, **self.queues}
        if pointer:
            everything[pointer] = torch.tensor([self.pointer])
        return {name: tensor.detach().clone() for name, tensor in everything.items()}


def gelu(x):
    return 0.5 * x * (1.0 + torch.erf(x / math.sqrt(2.0)))


def momentum_name(name):
    tower, _, rest = name.partition(".")
    return f"{tower}_m.{rest}"


def first_token(ids, token):
    ids = ids.clone()
    ids[:, 0] = token
    return ids
