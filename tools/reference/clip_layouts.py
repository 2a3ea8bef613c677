"""A CLIP's weights as OpenAI's code and open_clip have them, and the files that they come in."""

import json

import torch
from safetensors.torch import save_file

WHOLE = {
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "logit_scale": "logit_scale",
}
NORMS = {"text_model.final_layer_norm": "ln_final", "vision_model.pre_layrnorm": "visual.ln_pre",
         "vision_model.post_layernorm": "visual.ln_post"}
IN_BLOCK = {"self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
            "mlp.fc2": "mlp.c_proj"}


def openai_state(model):
    """CLIPModel → the same weights by OpenAI's names: query, key and value stacked, projections transposed"""
    state = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    new = {after: state[before].clone() for before, after in WHOLE.items()}
    new["text_projection"] = state["text_projection.weight"].T.contiguous()
    new["visual.proj"] = state["visual_projection.weight"].T.contiguous()
    for kind in ("weight", "bias"):
        for before, after in NORMS.items():
            new[f"{after}.{kind}"] = state[f"{before}.{kind}"].clone()
        for tower, blocks, layers in (("text_model", "transformer", model.config.text_config.num_hidden_layers),
                                      ("vision_model", "visual.transformer", model.config.vision_config.num_hidden_layers)):
            for i in range(layers):
                layer, block = f"{tower}.encoder.layers.{i}.", f"{blocks}.resblocks.{i}."
                new[f"{block}attn.in_proj_{kind}"] = torch.cat([state[f"{layer}self_attn.{part}_proj.{kind}"] for part in "qkv"])
                for before, after in IN_BLOCK.items():
                    new[f"{block}{after}.{kind}"] = state[f"{layer}{before}.{kind}"].clone()
    return new


class Module(torch.nn.Module):
    def forward(self, x):
        return x + self.logit_scale


def write_script(state, path):
    """As OpenAI's .pt files: a TorchScript archive whose modules hold the weights, and sizes as numbers beside them."""
    root = Module()
    for name, tensor in {**state, "input_resolution": torch.tensor(224), "context_length": torch.tensor(77)}.items():
        at, parts = root, name.split(".")
        for part in parts[:-1]:
            if part not in dict(at.named_children()):
                at.add_module(part, Module())
            at = getattr(at, part)
        if tensor.is_floating_point():
            at.register_parameter(parts[-1], torch.nn.Parameter(tensor, requires_grad=False))
        else:
            at.register_buffer(parts[-1], tensor)
    torch.jit.trace(root.eval(), torch.zeros(1)).save(str(path))


def open_clip_config(model, quick_gelu):
    config = model.config
    return {"model_cfg": {
        "embed_dim": config.projection_dim, "quick_gelu": quick_gelu,
        "vision_cfg": {"image_size": config.vision_config.image_size, "layers": config.vision_config.num_hidden_layers,
                       "width": config.vision_config.hidden_size, "patch_size": config.vision_config.patch_size,
                       "head_width": config.vision_config.hidden_size // config.vision_config.num_attention_heads},
        "text_cfg": {"context_length": config.text_config.max_position_embeddings, "vocab_size": config.text_config.vocab_size,
                     "width": config.text_config.hidden_size, "heads": config.text_config.num_attention_heads,
                     "layers": config.text_config.num_hidden_layers}}}


def write_all(model, root, quick_gelu):
    """→ the name of each layout and what to open"""
    state = openai_state(model)
    root.mkdir(parents=True)
    layouts = {}

    def directory(name, file, write):
        place = root / name
        place.mkdir()
        write(place / file)
        (place / "open_clip_config.json").write_text(json.dumps(open_clip_config(model, quick_gelu)))
        layouts[name] = place

    directory("open_clip", "open_clip_model.safetensors", lambda path: save_file(state, path))
    directory("open_clip-bin", "open_clip_pytorch_model.bin", lambda path: torch.save(state, path))
    custom = {("" if name.startswith("visual.") or name == "logit_scale" else "text.") + name: tensor
              for name, tensor in state.items()}
    directory("open_clip-custom-text", "open_clip_model.safetensors", lambda path: save_file(custom, path))
    directory("open_clip-training", "open_clip_pytorch_model.bin",
              lambda path: torch.save({"epoch": 3, "state_dict": {"module." + n: t for n, t in state.items()}}, path))
    if quick_gelu:
        (root / "openai").mkdir()
        layouts["openai"] = root / "openai" / "ViT.pt"
        write_script(state, layouts["openai"])
    return layouts
