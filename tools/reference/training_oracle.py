"""BLIP's training in plain PyTorch, written from the definitions: the objectives with momentum, queues and hard
negatives, and what a step changes. For parity_train.py and make_training_fixtures.py, which compare blip.cpp
with it.
"""

import torch
from torch.nn import functional

import training_model
from training_model import Model, first_token

IGNORED = -100
SMOOTHING = 0.1


def caption_loss(logits, ids, mask, prompt=0, smoothing="of_targets", reduction="mean"):
    """The mean over tokens, or (reduction "none") every position's loss [B, T - 1]."""
    targets = ids.masked_fill(mask == 0, IGNORED)
    targets[:, :prompt] = IGNORED
    targets, logp = targets[:, 1:], torch.log_softmax(logits[:, :-1], dim=-1)
    asked = targets != IGNORED
    nll = -logp.gather(-1, targets.clamp(min=0)[..., None])[..., 0] * asked
    smooth = -logp.sum(-1) / logp.shape[-1]
    over_all = smoothing == "of_all_positions"
    if reduction == "none":
        return (1 - SMOOTHING) * nll + SMOOTHING * (smooth if over_all else smooth * asked)
    smooth_mean = smooth.mean() if over_all else (smooth * asked).sum() / asked.sum()
    return (1 - SMOOTHING) * nll.sum() / asked.sum() + SMOOTHING * smooth_mean


def self_critical_loss(logits, ids, mask, prompt, advantages):
    """The captions were drawn: a token at a time, minus its advantage times its log-probability, the mean over tokens."""
    total, tokens = 0.0, 0
    for row, advantage in enumerate(advantages):
        for place in range(prompt, int(mask[row].sum())):
            total = total - advantage * torch.log_softmax(logits[row, place - 1], dim=-1)[ids[row, place]]
            tokens += 1
    return total / tokens


def contrast(model, image, text, image_m, text_m, hard, alpha):
    """→ the loss, similarities image to text and text to image [B, B + Q]"""
    temp = model["temp"]
    all_text = torch.cat([text_m.T, model.queues["text_queue"].clone()], dim=1)
    all_image = torch.cat([image_m.T, model.queues["image_queue"].clone()], dim=1)
    i2t, t2i = image @ all_text / temp, text @ all_image / temp
    with torch.no_grad():
        soft_i2t = alpha * torch.softmax(image_m @ all_text / temp, dim=1) + (1 - alpha) * hard
        soft_t2i = alpha * torch.softmax(text_m @ all_image / temp, dim=1) + (1 - alpha) * hard
    loss_i2t = -(soft_i2t * torch.log_softmax(i2t, dim=1)).sum(1).mean()
    loss_t2i = -(soft_t2i * torch.log_softmax(t2i, dim=1)).sum(1).mean()
    return (loss_i2t + loss_t2i) / 2


def match(model, states, ids, mask, step):
    """One row at a time, as the definition has it: B pairs that belong together, then each text with
    another's image, then each image with another's text."""
    batch = len(ids)
    rows = ([(i, i) for i in range(batch)] + [(step["negative_images"][i], i) for i in range(batch)]
            + [(i, step["negative_texts"][i]) for i in range(batch)])
    images, texts = ([row[k] for row in rows] for k in (0, 1))
    first = model.read("text_encoder.", ids[texts], mask[texts], states[images])[:, 0]
    logp = torch.log_softmax(model.linear("itm_head", first), dim=-1)
    return -(logp[:batch, 1].sum() + logp[batch:, 0].sum()) / (3 * batch)


def losses(model, step, number):
    """The losses of one step, "total" last. Moves momentum and queue."""
    case, dtype = model.case, model.dtype
    dec, enc = model.text["bos_token_id"], model.text["bos_token_id"] + 1
    size = model.vision["image_size"]
    ids, mask = torch.tensor(step["ids"]), torch.tensor(step["mask"])
    batch = len(ids)
    if model.task == "nlvr":
        left, right = (training_model.uniform(f"{side}.{number}", (batch, 3, size, size)).float().to(dtype)
                       for side in ("left", "right"))
        first = model.read("text_encoder.", first_token(ids, enc), mask, (model.see(left), model.see(right)))[:, 0]
        logits = model.linear("cls_head.2", torch.relu(model.linear("cls_head.0", first)))
        return {"total": functional.cross_entropy(logits, torch.tensor(step["labels"]))}
    images = training_model.uniform(f"images.{number}", (len(step.get("answer_counts", ids)), 3, size, size)).float().to(dtype)
    if model.task == "question_answering":
        counts = step["answer_counts"]
        states = model.read("text_encoder.", first_token(ids, enc), mask, model.see(images))
        answers, answer_mask = torch.tensor(step["answers"]["ids"]), torch.tensor(step["answers"]["mask"])
        answers, total, row = first_token(answers, dec), 0.0, 0
        for question, count in enumerate(counts):
            for _ in range(count):
                one = slice(row, row + 1)
                logits = model.words(model.read(
                    "text_decoder.bert.", answers[one], answer_mask[one], states[question:question + 1],
                    mask[question:question + 1], causal=True))
                loss = caption_loss(logits, answers[one], answer_mask[one], reduction="none",
                                    smoothing=case.get("smoothing", "of_targets"))
                total, row = total + step["weights"][row] * loss.sum(), row + 1
        return {"total": total / len(counts)}

    if model.task != "captioning":
        with torch.no_grad():
            model["temp"].clamp_(0.001, 0.5)
    states = model.see(images)
    if model.task == "captioning":
        prompt = step["prompt_tokens"]
    else:
        prompt, alpha = 0, case["alphas"][number]
        image, text = model.features(states, ids, mask)
        model.follow()
        with torch.no_grad():
            image_m, text_m = model.features(model.see(images, "vision_model_m."), ids, mask, "_m")
        if model.task == "retrieval":
            image_ids = torch.tensor(step["image_ids"])
            all_ids = torch.cat([image_ids, model.queues["idx_queue"][0]])
            hard = (image_ids[:, None] == all_ids[None, :]).to(dtype)
            hard = hard / hard.sum(1, keepdim=True)
        else:
            image_ids = None
            hard = torch.eye(batch, batch + case["queue_size"], dtype=dtype)
        contrastive = contrast(model, image, text, image_m, text_m, hard, alpha)
        model.enqueue(image_m, text_m, image_ids)
        matching = match(model, states, first_token(ids, enc), mask, step)
        if model.task == "retrieval":
            return {"contrastive": contrastive, "matching": matching, "total": contrastive + matching}
    words = first_token(ids, dec)
    logits = model.words(model.read("text_decoder.bert.", words, mask, states, causal=True))
    if "advantages" in step:
        return {"total": self_critical_loss(logits, words, mask, prompt, step["advantages"])}
    language = caption_loss(logits, words, mask, prompt, case.get("smoothing", "of_targets"))
    if model.task == "captioning":
        return {"total": language}
    return {"contrastive": contrastive, "matching": matching, "language_model": language,
            "total": contrastive + matching + language}


def train(case, dtype=torch.float32, followed=None):
    """→ for every step its losses, gradients and the state after it. followed: such a history of another program;
    then every step starts from that program's state, and its optimizer gets that program's gradients."""
    model = Model(case, dtype)
    optimizer = torch.optim.AdamW(model.trained.values(), lr=1.0, betas=(0.9, 0.999), eps=1e-8,
                                  weight_decay=0.05)
    history = []
    for number, step in enumerate(case["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = case["learning_rates"][number]
        optimizer.zero_grad()
        parts = losses(model, step, number)
        parts["total"].backward()
        gradients = {name: tensor.grad.clone() for name, tensor in model.trained.items()}
        if followed:
            for name, tensor in model.trained.items():
                tensor.grad.copy_(followed[number]["gradients"][name])
        optimizer.step()
        history.append({"losses": {name: loss.detach().clone() for name, loss in parts.items()},
                        "gradients": gradients, "state": model.state()})
        if followed:
            model.load(followed[number]["state"])
    return history
