"""A step of CLIP's training by transformers' CLIPModel itself: the loss and the gradient of every tensor. Weights and
images are made from names, as training_model.py makes BLIP's, so that a case is a small JSON object."""

import torch
import transformers as hf

import training_model

LOGIT_SCALE = 2.6592
SIZES = {
    "tiny": dict(text=(24, 48, 2, 2), vision=(16, 40, 2, 2), image=16, patch=8, projection=12),
    # Heads of another width, more layers, patches that leave a margin at the right and below.
    "odd": dict(text=(20, 36, 3, 5), vision=(36, 52, 4, 3), image=19, patch=6, projection=7),
}


def make_case(size, act="quick_gelu", dtype="float32", batch=5):
    parts = SIZES[size]
    vocabulary, positions = 60, 12

    def tower(width, inner, layers, heads):
        return dict(hidden_size=width, intermediate_size=inner, num_hidden_layers=layers, num_attention_heads=heads,
                    hidden_act=act, projection_dim=parts["projection"], layer_norm_eps=2.0 ** -17)

    config = {"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": parts["projection"],
              "text_config": tower(*parts["text"]) | dict(vocab_size=vocabulary, max_position_embeddings=positions,
                                                          bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1,
                                                          pad_token_id=vocabulary - 1),
              "vision_config": tower(*parts["vision"]) | dict(image_size=parts["image"], patch_size=parts["patch"])}
    lengths = [4 + 3 * i % 7 for i in range(batch)]
    ids = [[vocabulary - 2, *[(17 * i + 5 * j) % (vocabulary - 2) for j in range(length - 2)], vocabulary - 1]
           for i, length in enumerate(lengths)]
    longest = max(lengths)
    return {"task": "clip", "dtype": dtype, "config": config, "ids": [row + [vocabulary - 1] * (longest - len(row)) for row in ids],
            "ends": [length - 1 for length in lengths]}


def start_value(name, shape):
    return torch.tensor(LOGIT_SCALE, dtype=torch.float64) if name == "logit_scale" else training_model.start_value(name, shape)


def run(case, dtype):
    """→ the loss and the gradients by name"""
    config = {key: value for key, value in case["config"].items() if key not in ("architectures", "model_type")}
    model = hf.CLIPModel(hf.CLIPConfig(**config)).to(dtype)
    model.set_attn_implementation("sdpa")  # "eager" has its softmax in float32, whatever the model's type
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(start_value(name, tuple(parameter.shape)).to(torch.float32))
    ids = torch.tensor(case["ids"])
    side = case["config"]["vision_config"]["image_size"]
    images = training_model.uniform("images", (len(ids), 3, side, side)).float().to(dtype)
    mask = (torch.arange(ids.shape[1]) <= torch.tensor(case["ends"])[:, None]).long()
    loss = model(input_ids=ids, attention_mask=mask, pixel_values=images, return_loss=True).loss
    loss.backward()
    return loss.detach(), {name: parameter.grad for name, parameter in model.named_parameters()}
