"""Grad-CAM of BLIP's cross-attention by autograd on transformers' classes: what LAVIS' compute_gradcam
computes for the matching head, and the same of log-probabilities for captions and answers.

Images come as features, [N, E]; maps are [tokens, N - 1], the class token left out.
"""

import contextlib
import copy

import torch


@contextlib.contextmanager
def attention_of(text_model, layer):
    """The cross-attention probabilities of one layer as the only leaf that autograd knows.
    → a list that gets the tensor, [1, heads, T, N], when the model runs"""
    seen = []

    def make_leaf(_, inputs):
        seen.append(inputs[0].detach().requires_grad_())
        return (seen[-1],)

    module = text_model.encoder.layer[layer].crossattention.self.dropout
    handle = module.register_forward_pre_hook(make_leaf)
    try:
        with torch.enable_grad():
            yield seen
    finally:
        handle.remove()


def weighted(probabilities, loss, head):
    """→ [T, N - 1]: attention times its positive gradient, the mean over the heads or one of them"""
    gradient, = torch.autograd.grad(loss, probabilities, retain_graph=True)
    maps = probabilities.detach()[0, :, :, 1:] * gradient[0, :, :, 1:].clamp(min=0)
    return maps.mean(0) if head is None else maps[head]


class RoundedLinear(torch.nn.Module):
    """A linear layer as int8 computes it: weights by output channel, inputs by token, the gradient as if
    neither were rounded."""

    def __init__(self, linear):
        super().__init__()
        self.weight, self.bias = self.rounded(linear.weight.detach()), linear.bias

    @staticmethod
    def rounded(values):
        scale = values.detach().abs().amax(-1, keepdim=True).clamp(min=1e-12) / 127
        return values + ((values / scale).round() * scale - values).detach()

    def forward(self, values):
        return torch.nn.functional.linear(self.rounded(values), self.weight, self.bias)


def rounded_to_int8(model):
    """→ a copy with all its linear layers rounded"""
    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                setattr(module, name, RoundedLinear(child))
    return model


def usual_layer(config):
    layers = config.text_config.num_hidden_layers
    return max(0, min(7 * layers // 12, layers - 2))


def of_match(model, image, ids, layer, head):
    """ids: [1, T] → maps of the tokens between the first and the last, and the logit"""
    model.requires_grad_(False)
    with attention_of(model.text_encoder, layer) as seen:
        states = model.text_encoder(input_ids=ids, attention_mask=torch.ones_like(ids),
                                    encoder_hidden_states=image[None])[0]
        logit = model.itm_head(states[:, 0])[:, 1].sum()
        return weighted(seen[0], logit, head)[1:-1], float(logit.detach())


def log_probabilities(logits, sequence, given):
    """logits: [T, V] of all but the last token → of every token after the first `given`"""
    return [logits[i - 1].double().log_softmax(-1)[sequence[i]] for i in range(given, len(sequence))]


def of_caption(model, image, sequence, given, layer, head):
    """sequence: ids without a stop token → maps of those after the first `given`, and the sum of their
    log-probabilities"""
    model.requires_grad_(False)
    with attention_of(model.text_decoder.bert, layer) as seen:
        logits = model.text_decoder(input_ids=torch.tensor([sequence]),
                                    encoder_hidden_states=image[None]).logits[0]
        losses = log_probabilities(logits, sequence, given)
        maps = [weighted(seen[0], loss, head)[given + i - 1] for i, loss in enumerate(losses)]
        return torch.stack(maps), float(sum(loss.detach() for loss in losses))


def of_answer(model, image, ids, sequence, layer, head):
    """ids: [1, T], the question's; sequence: [DEC] and the answer, without a stop token → maps of the
    answer's tokens, and the sum of their log-probabilities"""
    model.requires_grad_(False)
    with attention_of(model.text_encoder, layer) as seen:
        states = model.text_encoder(input_ids=ids, attention_mask=torch.ones_like(ids),
                                    encoder_hidden_states=image[None])[0]
        logits = model.text_decoder(input_ids=torch.tensor([sequence]),
                                    encoder_hidden_states=states).logits[0]
        losses = log_probabilities(logits, sequence, 1)
        maps = [weighted(seen[0], loss, head)[1:-1].mean(0) for loss in losses]
        return torch.stack(maps), float(sum(loss.detach() for loss in losses))
