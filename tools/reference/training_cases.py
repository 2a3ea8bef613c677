"""Cases of training: the sizes of a model, and the batches of some steps. For training_oracle.py and the
program."""

import copy

import torch

SIZES = {
    "tiny": dict(image=32, patch=8, image_layers=2, image_heads=4, text=32, text_layers=2, text_heads=4,
                 vocab=100, size=16, space=16, queue=64, batch=4, length=7),
    # Unequal widths of the towers, sizes that fill no vector, NLVR2's merge layers.
    "odd": dict(image=24, patch=7, image_layers=3, image_heads=3, text=20, text_layers=8, text_heads=2,
                vocab=131, size=22, space=10, queue=15, batch=5, length=11),
    # Small but for its depth: for the fixture of NLVR2.
    "deep": dict(image=12, patch=8, image_layers=1, image_heads=2, text=8, text_layers=7, text_heads=2,
                 vocab=40, size=16, space=8, queue=8, batch=4, length=6),
    "small": dict(image=192, patch=16, image_layers=4, image_heads=3, text=128, text_layers=7, text_heads=2,
                  vocab=1024, size=112, space=64, queue=96, batch=6, length=20),
    "base": dict(image=768, patch=16, image_layers=12, image_heads=12, text=768, text_layers=12, text_heads=12,
                 vocab=3000, size=64, space=256, queue=64, batch=2, length=12),
}
# Strides of 2 at an odd size, a stage that is repeated, blocks with and without the input added.
BACKBONE = {"model_type": "efficientnet_lite", "width_coefficient": 1.3, "depth_coefficient": 1.2, "depth_divisor": 2,
            "kernel_sizes": [3, 5, 3], "in_channels": [6, 4, 8], "out_channels": [4, 8, 12], "strides": [1, 2, 1],
            "num_block_repeats": [1, 2, 1], "expand_ratios": [1, 4, 3], "hidden_dim": 26, "batch_norm_eps": 2**-10}  # which float32 holds exactly, as the program does
SIZES["hybrid"] = {**SIZES["tiny"], "size": 23, "backbone": BACKBONE}
TASKS = ("pretraining", "retrieval", "captioning", "question_answering", "nlvr")


def texts(generator, rows, length, vocab):
    """[CLS] words [SEP] of various lengths, padded"""
    ids, masks = [], []
    for row in range(rows):
        words = length - 2 if row == 0 else int(torch.randint(2, length - 1, (1,), generator=generator))
        tokens = [2, *torch.randint(5, vocab - 2, (words,), generator=generator).tolist(), 3]
        ids.append(tokens + [0] * (length - len(tokens)))
        masks.append([1] * len(tokens) + [0] * (length - len(tokens)))
    return ids, masks


def make_case(task, size, steps=3, seed=0, self_critical=False, **options):
    value, generator = SIZES[size], torch.Generator().manual_seed(seed)
    vocab, batch = value["vocab"], value["batch"]
    case = {
        "task": task, "queue_size": value["queue"], "alphas": [0.0, 0.2, 0.4][:steps],
        "learning_rates": [1e-4, 3e-4, 2e-4][:steps], **options,
        "config": {
            "architectures": ["BlipForConditionalGeneration"], "model_type": "blip",
            "image_text_hidden_size": value["space"],
            "vision_config": {
                "hidden_size": value["image"], "intermediate_size": 2 * value["image"],
                "num_hidden_layers": value["image_layers"], "num_attention_heads": value["image_heads"],
                "image_size": value["size"], "patch_size": value["patch"], "layer_norm_eps": 1e-6},
            "text_config": {
                "vocab_size": vocab, "hidden_size": value["text"], "intermediate_size": 2 * value["text"] + 2,
                "num_hidden_layers": value["text_layers"], "num_attention_heads": value["text_heads"],
                "max_position_embeddings": 32, "layer_norm_eps": 1e-12, "bos_token_id": vocab - 2,
                "sep_token_id": 3, "eos_token_id": 3, "pad_token_id": 0}},
        "steps": []}
    if "backbone" in value:
        case["config"]["vision_config"]["backbone_config"] = value["backbone"]
    for _ in range(steps):
        ids, mask = texts(generator, batch, value["length"], vocab)
        step = {"ids": ids, "mask": mask}
        # Two captions of one image in the batch, and images that come again and again.
        image_ids = torch.randint(0, batch, (batch,), generator=generator).tolist()
        image_ids[0], image_ids[-1] = 7, 8
        if task == "retrieval":
            step["image_ids"] = image_ids
        if task in ("pretraining", "retrieval"):
            for name in ("negative_images", "negative_texts"):
                step[name] = [int(torch.randint(0, batch - 1, (1,), generator=generator)) for _ in ids]
                step[name] = [n + (n >= i) for i, n in enumerate(step[name])]
        if task == "captioning":
            step["prompt_tokens"] = 2
            if self_critical:
                step["advantages"] = [round(float(a), 3) for a in torch.randn(batch, generator=generator)]
        if task == "question_answering":
            step["answer_counts"] = [1 + (i + 1) % 3 for i in range(batch)]
            rows = sum(step["answer_counts"])
            answers = texts(generator, rows, 5, vocab)
            step["answers"] = {"ids": answers[0], "mask": answers[1]}
            step["weights"] = [round(0.1 * (1 + i % 4), 1) for i in range(rows)]
        if task == "nlvr":
            step["labels"] = [i % 2 for i in range(batch)]
        case["steps"].append(step)
    return copy.deepcopy(case)
