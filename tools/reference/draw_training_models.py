"""DALL-E mini and its VQGAN as they are trained: min-dalle's layers with all codes of a picture at once, and taming-transformers'
encoder, quantizer and decoder of pictures at any size, without operations in place, which have no gradients."""

import torch
from min_dalle.models import dalle_bart_decoder
from min_dalle.models.dalle_bart_decoder import DalleBartDecoder
from min_dalle.models.dalle_bart_encoder import DalleBartEncoder
from torch import nn
from torch.nn import functional

PAD = 1


class ResnetBlock(nn.Module):
    def __init__(self, inputs, outputs, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(functional.silu(self.norm1(x)))
        h = self.conv2(functional.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttentionBlock(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        for name in ("q", "k", "v", "proj_out"):
            setattr(self, name, nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (part(h).flatten(2) for part in (self.q, self.k, self.v))
        weights = torch.softmax(q.transpose(1, 2) @ k / q.shape[1] ** 0.5, dim=2)
        return x + self.proj_out((v @ weights.transpose(1, 2)).reshape(x.shape))


class Level(nn.Module):
    def __init__(self, inputs, outputs, blocks, attends, groups, change):
        super().__init__()
        widths = [inputs] + [outputs] * blocks
        self.block = nn.ModuleList(ResnetBlock(a, b, groups) for a, b in zip(widths, widths[1:]))
        self.attn = nn.ModuleList(AttentionBlock(outputs, groups) for _ in range(blocks if attends else 0))
        if change:
            sampler = nn.Module()
            sampler.conv = nn.Conv2d(outputs, outputs, 3, padding=1) if change == "upsample" else nn.Conv2d(outputs, outputs, 3, stride=2)
            setattr(self, change, sampler)

    def forward(self, h):
        for index, block in enumerate(self.block):
            h = block(h)
            if len(self.attn):
                h = self.attn[index](h)
        if hasattr(self, "upsample"):
            return self.upsample.conv(functional.interpolate(h, scale_factor=2.0, mode="nearest"))
        if hasattr(self, "downsample"):
            return self.downsample.conv(functional.pad(h, (0, 1, 0, 1)))  # right and below, as taming has it
        return h


def middle(channels, groups):
    mid = nn.Module()
    mid.block_1 = ResnetBlock(channels, channels, groups)
    mid.attn_1 = AttentionBlock(channels, groups)
    mid.block_2 = ResnetBlock(channels, channels, groups)
    return mid


class Vqgan(nn.Module):
    def __init__(self, config):
        super().__init__()
        groups, blocks = config["norm_groups"], config["num_res_blocks"]
        widths = [config["ch"] * multiplier for multiplier in config["ch_mult"]]
        top, levels = widths[-1], len(widths)
        attends = [config["resolution"] >> level in config["attn_resolutions"] for level in range(levels)]
        encoder, decoder = nn.Module(), nn.Module()
        encoder.conv_in = nn.Conv2d(3, config["ch"], 3, padding=1)
        before = [config["ch"], *widths]
        encoder.down = nn.ModuleList(Level(before[i], widths[i], blocks, attends[i], groups, "downsample" if i < levels - 1 else "")
                                     for i in range(levels))
        encoder.mid = middle(top, groups)
        encoder.norm_out = nn.GroupNorm(groups, top)
        encoder.conv_out = nn.Conv2d(top, config["z_channels"], 3, padding=1)
        decoder.conv_in = nn.Conv2d(config["z_channels"], top, 3, padding=1)
        decoder.mid = middle(top, groups)
        decoder.up = nn.ModuleList(Level(widths[min(i + 1, levels - 1)], widths[i], blocks + 1, attends[i], groups, "upsample" if i else "")
                                   for i in range(levels))
        decoder.norm_out = nn.GroupNorm(groups, widths[0])
        decoder.conv_out = nn.Conv2d(widths[0], 3, 3, padding=1)
        self.encoder, self.decoder = encoder, decoder
        self.quant_conv = nn.Conv2d(config["z_channels"], config["embed_dim"], 1)
        self.post_quant_conv = nn.Conv2d(config["embed_dim"], config["z_channels"], 1)
        self.embedding = nn.Embedding(config["n_embed"], config["embed_dim"])

    def encode(self, pixels):
        """pixels: [B, 3, H, W], 0 to 1 → [B, h, w, D], before they become codes"""
        e = self.encoder
        x = e.conv_in(pixels)
        for level in e.down:
            x = level(x)
        x = e.mid.block_2(e.mid.attn_1(e.mid.block_1(x)))
        return self.quant_conv(e.conv_out(functional.silu(e.norm_out(x)))).permute(0, 2, 3, 1)

    def nearest(self, z):
        """z: [B, h, w, D] → codes [B, h, w]"""
        book = self.embedding.weight
        return torch.cdist(z.reshape(-1, z.shape[-1]), book, compute_mode="donot_use_mm_for_euclid_dist").argmin(1).view(z.shape[:-1])

    def decode(self, quantized):
        """quantized: [B, h, w, D] → pixels [B, 3, H, W]"""
        d = self.decoder
        x = d.conv_in(self.post_quant_conv(quantized.permute(0, 3, 1, 2)))
        x = d.mid.block_2(d.mid.attn_1(d.mid.block_1(x)))
        for level in reversed(d.up):
            x = level(x)
        return d.conv_out(functional.silu(d.norm_out(x)))

    def losses(self, pixels, commitment=0.25):
        """→ total, reconstruction, codebook, commitment, codes. The losses of arXiv:1711.00937, with |x - y| for pixels."""
        z = self.encode(pixels)
        codes = self.nearest(z)
        chosen = self.embedding(codes)
        codebook = functional.mse_loss(chosen, z.detach())
        committed = functional.mse_loss(z, chosen.detach())
        rebuilt = self.decode(z + (chosen - z).detach())
        reconstruction = functional.l1_loss(rebuilt, pixels)
        return reconstruction + codebook + commitment * committed, reconstruction, codebook, committed, codes


class Dalle(nn.Module):
    """min-dalle's encoder and decoder of `config`, whose norms before a matrix have the weight 1, as in real files."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        dalle_bart_decoder.IMAGE_TOKEN_COUNT = config["image_length"]
        width = config["d_model"]
        self.encoder = DalleBartEncoder(config["encoder_layers"], width, config["encoder_attention_heads"], config["encoder_vocab_size"],
                                        config["max_text_length"], config["encoder_ffn_dim"], "cpu")
        self.decoder = DalleBartDecoder(config["image_vocab_size"], width, config["decoder_attention_heads"], config["decoder_ffn_dim"],
                                        config["decoder_layers"], "cpu")

    def logits(self, texts, codes):
        """texts: [B, T] padded with PAD, codes: [B, L] → [B, L, V]: position i has seen codes[:i]"""
        rows, length = codes.shape
        self.encoder.pose_tokens = torch.arange(texts.shape[1]).repeat(rows, 1)
        states = self.encoder(texts)
        start = torch.full((rows, 1), self.config["decoder_start_token_id"])
        before = torch.cat([start, codes[:, :-1]], 1)
        places = torch.arange(length).repeat(rows, 1)
        d = self.decoder
        x = d.layernorm_embedding(d.embed_tokens(before) + d.embed_positions(places))
        mask = texts.not_equal(PAD)[:, None, None, :]
        for layer in d.layers:
            x, _ = layer(x, states, None, mask, places)
        return d.lm_head(d.final_ln(x))

    def loss(self, texts, codes):
        return functional.cross_entropy(self.logits(texts, codes).flatten(0, 1), codes.flatten())
