"""Attention as one operation: for transformers' BLIP, whose vision tower multiplies, normalises and
multiplies one step at a time and ignores `attn_implementation` (what a user who knows the library at
hand would do), and for exports, where runtimes have an operation of their own."""

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


def onnx_multi_head(query, key, value, heads, unidirectional=0):
    """ONNX Runtime's own operation, for export only."""
    return torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention", (query, key, value),
        {"num_heads": heads, "unidirectional": unidirectional},
        dtype=query.dtype, shape=query.shape, version=1)


def onnx_attention(self, hidden_states, **_):
    """The same of BLIP by ONNX Runtime's operation."""
    query, key, value = self.qkv(hidden_states).split(hidden_states.shape[-1], -1)
    return self.projection(onnx_multi_head(query, key, value, self.num_heads)), None


def fuse_attention(vision_model, attention=torch_attention):
    """transformers' BlipVisionModel"""
    for layer in vision_model.encoder.layers:
        layer.self_attn.forward = types.MethodType(attention, layer.self_attn)
    return vision_model


def clip_attention(for_onnx, causal):
    """→ a forward for CLIPAttention; causal: of the text tower, where each token sees those before"""
    def forward(self, hidden_states, *_, **__):
        query, key, value = (layer(hidden_states)
                             for layer in (self.q_proj, self.k_proj, self.v_proj))
        if for_onnx:
            return self.out_proj(onnx_multi_head(query, key, value, self.num_heads, int(causal))), None
        heads = (*hidden_states.shape[:-1], self.num_heads, self.head_dim)
        context = torch.nn.functional.scaled_dot_product_attention(
            *(rows.reshape(heads).transpose(1, 2) for rows in (query, key, value)), is_causal=causal)
        return self.out_proj(context.transpose(1, 2).reshape(hidden_states.shape)), None
    return forward


def fuse_clip_attention(tower, for_onnx, causal):
    """transformers' CLIPVisionModelWithProjection or CLIPTextModelWithProjection"""
    for module in tower.modules():
        if type(module).__name__ == "CLIPAttention":
            module.forward = types.MethodType(clip_attention(for_onnx, causal), module)
