"""Fused attention for transformers' BLIP, whose vision tower multiplies, normalises and multiplies
one step at a time and ignores `attn_implementation`: what a user who knows PyTorch would do."""

import types

from torch.nn import functional


def attention(self, hidden_states, **_):
    """BlipAttention.forward by scaled_dot_product_attention: [B, N, E] → [B, N, E]"""
    batch, tokens, width = hidden_states.shape
    query, key, value = (self.qkv(hidden_states)
                         .reshape(batch, tokens, 3, self.num_heads, width // self.num_heads)
                         .permute(2, 0, 3, 1, 4))
    context = functional.scaled_dot_product_attention(query, key, value)
    return self.projection(context.transpose(1, 2).reshape(batch, tokens, width)), None


def fuse_attention(vision_model):
    for layer in vision_model.encoder.layers:
        layer.self_attn.forward = types.MethodType(attention, layer.self_attn)
    return vision_model
