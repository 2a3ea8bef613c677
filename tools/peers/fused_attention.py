"""Fused attention for transformers' BLIP, whose vision tower multiplies, normalises and multiplies one
step at a time and ignores `attn_implementation`: what a user who knows the library at hand would do."""

import types

import torch


def torch_attention(self, hidden_states, **_):
    """BlipAttention.forward by PyTorch's scaled_dot_product_attention: [B, N, E] → [B, N, E]"""
    batch, tokens, width = hidden_states.shape
    query, key, value = (self.qkv(hidden_states)
                         .reshape(batch, tokens, 3, self.num_heads, width // self.num_heads)
                         .permute(2, 0, 3, 1, 4))
    context = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    return self.projection(context.transpose(1, 2).reshape(batch, tokens, width)), None


def onnx_attention(self, hidden_states, **_):
    """The same as ONNX Runtime's own operation, for export only."""
    query, key, value = self.qkv(hidden_states).split(hidden_states.shape[-1], -1)
    context = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention", (query, key, value), {"num_heads": self.num_heads},
        dtype=hidden_states.dtype, shape=hidden_states.shape, version=1)
    return self.projection(context), None


def fuse_attention(vision_model, attention=torch_attention):
    for layer in vision_model.encoder.layers:
        layer.self_attn.forward = types.MethodType(attention, layer.self_attn)
    return vision_model
