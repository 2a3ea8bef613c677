"""min-dalle's modules at any size, with weights made on the spot, and what they draw.

Only the modules of min-dalle are used: its class MinDalle asks the network for files and CUDA for its types."""

import json
import math

import torch
from min_dalle.models import dalle_bart_decoder, vqgan_detokenizer
from min_dalle.models.dalle_bart_decoder import DalleBartDecoder
from min_dalle.models.dalle_bart_encoder import DalleBartEncoder
from safetensors.torch import save_file

import filled_models

torch.set_grad_enabled(False)

# Norms before a matrix, whose weights (1) the files that exist do not have.
UNSCALED = ("pre_self_attn_layer_norm.weight", "pre_encoder_attn_layer_norm.weight", "glu.ln0.weight", "glu.ln1.weight", "final_ln.weight")

TINY_VQGAN = dict(ch=32, ch_mult=[1, 2, 2], num_res_blocks=2, attn_resolutions=[4], resolution=16, z_channels=16, embed_dim=8, n_embed=60,
                  norm_groups=32, norm_eps=1e-5)
TINY = dict(encoder_vocab_size=40, image_vocab_size=64, max_text_length=16, image_length=16, d_model=32, encoder_layers=2,
            encoder_ffn_dim=48, encoder_attention_heads=4, decoder_layers=2, decoder_ffn_dim=48, decoder_attention_heads=4,
            decoder_start_token_id=64, vqgan_config=TINY_VQGAN)
# 64 pixels, 256 codes; sizes that fill no vector.
SMALL = dict(encoder_vocab_size=90, image_vocab_size=300, max_text_length=64, image_length=256, d_model=96, encoder_layers=3,
             encoder_ffn_dim=131, encoder_attention_heads=3, decoder_layers=3, decoder_ffn_dim=131, decoder_attention_heads=3,
             decoder_start_token_id=300,
             vqgan_config=dict(ch=32, ch_mult=[1, 2, 4], num_res_blocks=1, attn_resolutions=[16, 32], resolution=64, z_channels=24,
                               embed_dim=20, n_embed=256, norm_groups=32, norm_eps=1e-5))
MINI = dict(encoder_vocab_size=50264, image_vocab_size=16384, max_text_length=64, image_length=256, d_model=1024, encoder_layers=12,
            encoder_ffn_dim=2730, encoder_attention_heads=16, decoder_layers=12, decoder_ffn_dim=2730, decoder_attention_heads=16,
            decoder_start_token_id=16384,
            vqgan_config=dict(ch=128, ch_mult=[1, 1, 2, 2, 4], num_res_blocks=2, attn_resolutions=[16], resolution=256, z_channels=256,
                              embed_dim=256, n_embed=16384, norm_groups=32, norm_eps=1e-5))


class AttentionBlock(vqgan_detokenizer.AttentionBlock):
    """min-dalle's for any number of channels: its own has 512."""

    def __init__(self, channels):
        torch.nn.Module.__init__(self)
        self.norm = torch.nn.GroupNorm(32, channels)
        for name in ("q", "k", "v", "proj_out"):
            setattr(self, name, torch.nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (part(h).flatten(2) for part in (self.q, self.k, self.v))
        weights = torch.softmax(q.transpose(1, 2) @ k / q.shape[1] ** 0.5, dim=2)
        return x + self.proj_out((v @ weights.transpose(1, 2)).reshape(x.shape))


class Level(torch.nn.Module):
    def __init__(self, inputs, outputs, blocks, attends, upsamples):
        super().__init__()
        resnet = vqgan_detokenizer.ResnetBlock
        widths = [(inputs, outputs)] + [(outputs, outputs)] * (blocks - 1)
        self.block = torch.nn.ModuleList(resnet(int(math.log2(a)), int(math.log2(b))) for a, b in widths)
        self.attends = attends
        if attends:
            self.attn = torch.nn.ModuleList(AttentionBlock(outputs) for _ in widths)
        if upsamples:
            self.upsample = vqgan_detokenizer.Upsample(int(math.log2(outputs)))

    def forward(self, h):
        for index, block in enumerate(self.block):
            h = block(h)
            if self.attends:
                h = self.attn[index](h)
        return self.upsample(h) if hasattr(self, "upsample") else h


class Detokenizer(torch.nn.Module):
    """VQGanDetokenizer of any size, made of min-dalle's blocks."""

    def __init__(self, config):
        super().__init__()
        widths = [config["ch"] * multiplier for multiplier in config["ch_mult"]]
        top, levels = widths[-1], len(widths)
        self.embedding = torch.nn.Embedding(config["n_embed"], config["embed_dim"])
        self.post_quant_conv = torch.nn.Conv2d(config["embed_dim"], config["z_channels"], 1)
        decoder = self.decoder = torch.nn.Module()
        decoder.conv_in = torch.nn.Conv2d(config["z_channels"], top, 3, padding=1)
        decoder.mid = torch.nn.Module()
        resnet = vqgan_detokenizer.ResnetBlock
        decoder.mid.block_1 = resnet(int(math.log2(top)), int(math.log2(top)))
        decoder.mid.attn_1 = AttentionBlock(top)
        decoder.mid.block_2 = resnet(int(math.log2(top)), int(math.log2(top)))
        ups = []
        for level in reversed(range(levels)):
            inputs = top if level == levels - 1 else widths[level + 1]
            ups.insert(0, Level(inputs, widths[level], config["num_res_blocks"] + 1,
                                config["resolution"] >> level in config["attn_resolutions"], level > 0))
        decoder.up = torch.nn.ModuleList(ups)
        decoder.norm_out = torch.nn.GroupNorm(32, widths[0])
        decoder.conv_out = torch.nn.Conv2d(widths[0], 3, 3, padding=1)

    def raw(self, codes):
        """codes: [B, h, w] → [B, H, W, 3] before they are cut to 0…1"""
        x = self.post_quant_conv(self.embedding(codes).permute(0, 3, 1, 2).contiguous())
        d = self.decoder
        x = d.mid.block_2(d.mid.attn_1(d.mid.block_1(d.conv_in(x))))
        for level in reversed(d.up):
            x = level(x)
        x = d.norm_out(x)
        return d.conv_out(x * torch.sigmoid(x)).permute(0, 2, 3, 1)


class RealDetokenizer(vqgan_detokenizer.VQGanDetokenizer):
    """min-dalle's own, of its one size."""

    def raw(self, codes):
        x = self.post_quant_conv(self.embedding(codes).permute(0, 3, 1, 2).contiguous())
        return self.decoder(x).permute(0, 2, 3, 1)


class Oracle:
    """The three modules of a configuration. `scaled`: with weights of the norms that real files leave out."""

    def __init__(self, config, scaled=False, fill="filled", seed=0):
        self.config, self.scaled = config, scaled
        vqgan = config["vqgan_config"]
        dalle_bart_decoder.IMAGE_TOKEN_COUNT = config["image_length"]
        width = config["d_model"]
        torch.manual_seed(seed)
        self.encoder = DalleBartEncoder(config["encoder_layers"], width, config["encoder_attention_heads"], config["encoder_vocab_size"],
                                        config["max_text_length"], config["encoder_ffn_dim"], "cpu").eval()
        self.decoder = DalleBartDecoder(config["image_vocab_size"], width, config["decoder_attention_heads"], config["decoder_ffn_dim"],
                                        config["decoder_layers"], "cpu").eval()
        self.vqgan = (RealDetokenizer() if vqgan == MINI["vqgan_config"] else Detokenizer(vqgan)).eval()
        if fill == "filled":
            filled_models.fill(self.state())
        else:  # torch's own start, livelier: matrices are as large as they keep variance
            for name, tensor in self.state().items():
                if tensor.ndim == 1 and not name.endswith("bias"):
                    tensor.add_(0.1 * torch.randn_like(tensor))
                elif tensor.ndim == 1:
                    tensor.copy_(0.1 * torch.randn_like(tensor))
                elif tensor.ndim == 2 and "embed" not in name:
                    tensor.copy_(torch.randn_like(tensor) / tensor.shape[1] ** 0.5)
        if not scaled:
            for name, tensor in self.state().items():
                if name.endswith(UNSCALED):
                    tensor.fill_(1.0)

    def parts(self):
        return {"encoder": self.encoder, "decoder": self.decoder, "vqgan": self.vqgan}

    def state(self):
        """The tensors by the names that blip.cpp's files have."""
        return {f"{part}.{name}": tensor for part, module in self.parts().items() for name, tensor in module.state_dict().items()}

    def kept(self):
        return {name: tensor for name, tensor in self.state().items() if self.scaled or not name.endswith(UNSCALED)}

    def round_to(self, dtype):
        for tensor in self.state().values():
            tensor.copy_(tensor.to(dtype).float())

    def save(self, directory, dtype=torch.float32):
        """As blip convert writes it."""
        directory.mkdir(parents=True, exist_ok=True)
        save_file({name: tensor.to(dtype).contiguous() for name, tensor in self.kept().items()}, directory / "model.safetensors")
        self.write_config(directory, "dalle")

    def write_config(self, directory, model_type):
        (directory / "config.json").write_text(json.dumps(dict(self.config, model_type=model_type, architectures=["DalleModel"])))

    def save_min_dalle(self, directory, dtype=torch.float16, suffix=""):
        """As min-dalle's files are."""
        directory.mkdir(parents=True, exist_ok=True)
        names = {"encoder": f"encoder{suffix}.pt", "decoder": f"decoder{suffix}.pt", "vqgan": "detoker.pt"}
        kept = self.kept()
        for part, file in names.items():
            torch.save({name[len(part) + 1:]: tensor.to(dtype) for name, tensor in kept.items() if name.startswith(part + ".")},
                       directory / file)

    # What they compute.

    def encode(self, ids):
        """→ [2 + tokens, E], the states of the empty text's two tokens and of the text's"""
        most = self.config["max_text_length"]
        ids = ids[:most]
        text = torch.ones(2, most, dtype=torch.long)
        text[0, :2] = torch.tensor([ids[0], ids[-1]])
        text[1, :len(ids)] = torch.tensor(ids)
        self.encoder.pose_tokens = torch.stack([torch.arange(most)] * 2)
        self.text, self.encoded = text, self.encoder(text)
        return torch.cat([self.encoded[0, :2], self.encoded[1, :len(ids)]])

    def decode(self, steps, images, factor, start, previous=None):
        """After encode. Greedy, or along the codes `previous` [images, steps] → codes [images, steps], logits [steps, 2 images, V],
        superconditioned [steps, images, book]"""
        config, index = self.config, [0] * images + [1] * images
        mask = self.text[index].not_equal(1)[:, None, None, :]
        state, book = self.encoded[index], config["vqgan_config"]["n_embed"]
        cache = torch.zeros(config["decoder_layers"], images * 4, config["image_length"], config["d_model"])
        before, codes, all_logits, all_scores = torch.full((images,), start), [], [], []
        for step in range(steps):
            logits, cache = self.decoder(attention_mask=mask, encoder_state=state, attention_state=cache, prev_tokens=before[:, None],
                                         token_index=torch.tensor([step]))
            logits = logits[:, -1]
            kept = logits[:, :book]
            scores = kept[:images] * (1 - factor) + kept[images:] * factor
            before = scores.argmax(-1) if previous is None else previous[:, step]
            codes.append(before)
            all_logits.append(logits)
            all_scores.append(scores)
        return torch.stack(codes, 1), torch.stack(all_logits), torch.stack(all_scores)

    def pixels(self, codes):
        """codes: [images, image_length] → [images, H, W, 3], not cut to 0…1"""
        side = math.isqrt(self.config["image_length"])
        return self.vqgan.raw(codes.reshape(-1, side, side))

    def seamless(self, codes):
        """codes: [side², image_length] → [H, W, 3], laid out as min-dalle does"""
        side, grid = math.isqrt(len(codes)), math.isqrt(self.config["image_length"])
        z = codes.view(side, side, grid, grid).flatten(1, 2).transpose(1, 0).flatten(1, 2)
        return self.vqgan.raw(z.reshape(1, side * grid, side * grid))[0]


def stacked(states):
    return torch.stack(states)


def flax_arrays(oracle):
    """→ the trees of dalle-mini's and of the VQGAN's flax_model.msgpack: kernels transposed, layers stacked."""
    kept = {name: tensor.numpy() for name, tensor in oracle.kept().items()}
    modules = {"pre_self_attn_layer_norm": "LayerNorm_0", "self_attn": "FlaxBartAttention_0", "self_attn_layer_norm": "LayerNorm_1",
               "glu.ln0": "GLU_0/LayerNorm_0", "glu.ln1": "GLU_0/LayerNorm_1", "glu.fc0": "GLU_0/Dense_0", "glu.fc1": "GLU_0/Dense_1",
               "glu.fc2": "GLU_0/Dense_2", "pre_encoder_attn_layer_norm": "LayerNorm_2", "encoder_attn": "FlaxBartAttention_1",
               "encoder_attn_layer_norm": "LayerNorm_3"}

    def leaf(tensor, name):
        if name.endswith("bias"):
            return "bias", tensor
        if "embed" in name and "norm" not in name:
            return "embedding", tensor
        if tensor.ndim == 1:
            return "scale", tensor
        return "kernel", tensor.T if tensor.ndim == 2 else tensor.transpose(2, 3, 1, 0)

    def put(tree, path, value):
        *way, last = path.split("/")
        for part in way:
            tree = tree.setdefault(part, {})
        tree[last] = value

    model, vqgan, layers = {}, {}, {}
    for name, tensor in kept.items():
        part, rest = name.split(".", 1)
        if part == "vqgan":
            kind, value = leaf(tensor, rest)
            way = rest.rsplit(".", 1)[0]
            for before in ("up", "block", "attn"):
                for index in range(10):
                    way = way.replace(f"{before}.{index}", f"{before}_{index}")
            put(vqgan, ("quantize/embedding" if way == "embedding" else way.replace(".", "/")) + "/" + kind, value)
        elif rest.startswith("layers."):
            _, index, rest = rest.split(".", 2)
            kind, value = leaf(tensor, rest)
            module = rest.rsplit(".", 1)[0]
            first = module if module in modules else module.split(".")[0]
            way = modules[first] + module[len(first):].replace(".", "/")
            layers.setdefault(f"model/{part}/layers/FlaxBart{part.title()}Layers/{way}/{kind}", []).append(value)
        else:
            kind, value = leaf(tensor, rest)
            way = rest.rsplit(".", 1)[0].replace(".", "/")
            put(model, (way if way == "lm_head" else f"model/{part}/{way}") + "/" + kind, value)
    for path, values in layers.items():
        put(model, path, stacked([torch.from_numpy(value.copy()) for value in values]).numpy())
    return model, vqgan


def write_flax(tree, file, chunk_bytes=2**30):
    """flax.serialization.msgpack_serialize, which is not installed for this alone."""
    import msgpack

    def array(value):
        return msgpack.ExtType(1, msgpack.packb([list(value.shape), value.dtype.name, value.tobytes()], use_bin_type=True))

    def packed(value):
        if isinstance(value, dict):
            return {name: packed(part) for name, part in value.items()}
        if value.nbytes <= chunk_bytes:
            return array(value)
        flat, count = value.ravel(), max(1, chunk_bytes // value.itemsize)
        return {"__msgpack_chunked_array__": True, "shape": {str(i): size for i, size in enumerate(value.shape)},
                "chunks": {str(i): array(flat[at:at + count]) for i, at in enumerate(range(0, flat.size, count))}}

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgpack.packb(packed(tree), use_bin_type=True, strict_types=True))
