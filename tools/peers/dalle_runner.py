"""min-dalle's modules, called as its class MinDalle calls them."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
GUIDANCE = 16.0  # as min-dalle's and blip.cpp's default


class MinDalle:
    """Variants: f32, bf16. The most probable code is taken, which costs what min-dalle's choice among the
    best costs, less a sort."""

    scale = 1  # of the measured time

    def __init__(self, request):
        directory = pathlib.Path(request["directory"])
        self.model, self.images = directory / "dalle", request["photos"]
        self.threads, self.variant = request["threads"], request["variant"]
        self.prompt = json.loads((directory / "inputs.json").read_text())["prompt"]

    def prepare(self):
        import torch
        from safetensors import safe_open
        sys.path.append(str(HERE.parent / "reference"))
        import dalle_models
        self.torch = torch
        torch.set_num_threads(self.threads)
        config = json.loads((self.model / "config.json").read_text())
        self.dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[self.variant]
        torch.set_default_dtype(self.dtype)  # made in it, so that no larger copy counts
        self.oracle = dalle_models.Oracle(config, fill="random")
        torch.set_default_dtype(torch.float32)
        self.oracle.vqgan.float()  # min-dalle leaves it in float32
        state = self.oracle.state()
        with safe_open(self.model / "model.safetensors", framework="pt") as file:
            for name in file.keys():
                state[name].copy_(file.get_tensor(name))
        self.config = config

    def run(self):
        torch, config = self.torch, self.config
        with torch.inference_mode():
            self.oracle.encode(self.prompt)
            index = [0] * self.images + [1] * self.images
            mask = self.oracle.text[index].not_equal(1)[:, None, None, :]
            encoded = self.oracle.encoded[index]
            cache = torch.zeros(config["decoder_layers"], self.images * 4, config["image_length"],
                                config["d_model"], dtype=self.dtype)
            before = torch.full((self.images,), config["decoder_start_token_id"])
            codes = []
            for step in range(config["image_length"]):
                logits, cache = self.oracle.decoder(
                    attention_mask=mask, encoder_state=encoded, attention_state=cache,
                    prev_tokens=before[:, None], token_index=torch.tensor([step]))
                kept = logits[:, -1, :config["vqgan_config"]["n_embed"]]
                scores = kept[:self.images] * (1 - GUIDANCE) + kept[self.images:] * GUIDANCE
                before = scores.argmax(-1)
                codes.append(before)
            codes = torch.stack(codes, 1)
            self.oracle.pixels(codes)
        return {"ids": codes.tolist()}
