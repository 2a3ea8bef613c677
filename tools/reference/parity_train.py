"""Compares blip.cpp's training with training_oracle.py: every loss, every gradient and everything a step
changes, over three optimizer steps. And the oracle with transformers, where both compute the same.

    parity_train.py BUILD_DIRECTORY [--quick]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from transformers import BlipConfig, BlipForConditionalGeneration, BlipTextModel

import training_oracle as oracle

# Relative to the largest element of the tensor: one float32 rounding is 6e-8.
LIMIT = 1e-5


def difference(got, wanted):
    """Of the largest element, relative"""
    wanted = wanted.double()
    scale = float(wanted.abs().max())
    return float((got.double() - wanted).abs().max()) / (scale if scale > 0 else 1.0)


def compare(probe, task, size, **options):
    case = oracle.make_case(task, size, **options)
    # In double precision the oracle's own rounding does not count.
    wanted = oracle.train(case, torch.float64)
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work, "case.json")
        path.write_text(json.dumps(case))
        subprocess.run([str(probe), str(path), work], check=True)
        got = load_file(pathlib.Path(work, "steps.safetensors"))
    worst = {}
    wrong = []
    expected_names = set()
    for number, step in enumerate(wanted):
        for kind, tensors in step.items():
            # A gradient that is 0 by symmetry (of a key's bias, say) has rounding alone, so what counts is
            # the largest of all gradients then.
            ground = max(float(tensor.double().abs().max()) for tensor in tensors.values()) * 1e-7
            for name, tensor in tensors.items():
                full = f"{number}.{kind}.{name}"
                expected_names.add(full)
                if full not in got or got[full].shape != tensor.shape:
                    wrong.append(f"{full}: missing or of another shape")
                    continue
                error = float((got[full].double() - tensor.double()).abs().max())
                scale = max(float(tensor.double().abs().max()), ground / LIMIT if kind == "gradients" else 0)
                error = error / scale if scale > 0 else error
                worst[kind] = max(worst.get(kind, 0.0), error)
                if not error <= LIMIT:
                    wrong.append(f"{full}: differs by {error:.1e} of its largest element")
    wrong += [f"{name}: the oracle has no such tensor" for name in sorted(set(got) - expected_names)]
    label = " ".join([size, *(f"{k}={v}" for k, v in options.items())])
    print(f"{task:<20} {label:<36} {'FAILED' if wrong else 'ok':<7}"
          + "  ".join(f"{kind} {error:.1e}" for kind, error in worst.items()), flush=True)
    for line in wrong[:20]:
        print("    " + line)
    return not wrong


def check_oracle():
    """The oracle against transformers: caption loss and its gradients, and the text encoder's states."""
    case = oracle.make_case("captioning", "tiny", steps=1)
    model = oracle.Model(case, torch.float64)
    config = BlipConfig(**{k: v for k, v in case["config"].items() if k != "architectures"})
    config.text_config.label_smoothing = oracle.SMOOTHING
    peer = BlipForConditionalGeneration(config).double().train()
    state = {name: tensor.detach() for name, tensor in model.trained.items()}
    state["text_decoder.cls.predictions.decoder.weight"] = state["text_decoder.bert.embeddings.word_embeddings.weight"]
    state["text_decoder.cls.predictions.decoder.bias"] = state["text_decoder.cls.predictions.bias"]
    peer.load_state_dict(state)
    peer.tie_weights()
    step = case["steps"][0]
    ids, mask = torch.tensor(step["ids"]), torch.tensor(step["mask"])
    ids[:, 0] = case["config"]["text_config"]["bos_token_id"]
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :step["prompt_tokens"]] = -100
    size = case["config"]["vision_config"]["image_size"]
    images = oracle.uniform("images.0", (len(ids), 3, size, size)).float().double()
    theirs = peer(pixel_values=images, input_ids=ids, attention_mask=mask, labels=labels).loss
    theirs.backward()
    ours = oracle.losses(model, step, 0)["total"]
    ours.backward()
    errors = {"loss": abs(float(ours - theirs)) / float(theirs)}
    named = dict(peer.named_parameters())
    errors["gradients"] = max(difference(named[name].grad, tensor.grad)
                              for name, tensor in model.trained.items() if name in named)
    compared = sum(name in named for name in model.trained)

    case = oracle.make_case("retrieval", "tiny", steps=1)
    model = oracle.Model(case, torch.float64)
    config = BlipConfig(**{k: v for k, v in case["config"].items() if k != "architectures"})
    peer = BlipTextModel(config.text_config, add_pooling_layer=False).double().eval()
    prefix = "text_encoder."
    peer.load_state_dict({name.removeprefix(prefix): tensor.detach() for name, tensor in model.trained.items()
                          if name.startswith(prefix)})
    step = case["steps"][0]
    ids, mask = torch.tensor(step["ids"]), torch.tensor(step["mask"])
    states = oracle.uniform("states", (len(ids), 5, case["config"]["vision_config"]["hidden_size"]))
    with torch.no_grad():
        for name, memory in (("unimodal", None), ("multimodal", states)):
            wanted = peer(input_ids=ids, attention_mask=mask, encoder_hidden_states=memory,
                          is_decoder=False).last_hidden_state
            errors[name] = difference(model.read(prefix, ids, mask, memory), wanted)
    failed = any(not error <= 1e-9 for error in errors.values()) or compared < len(named) - 1
    print(f"{'oracle':<20} {'transformers':<36} {'FAILED' if failed else 'ok':<7}"
          + "  ".join(f"{what} {error:.1e}" for what, error in errors.items()), flush=True)
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny models only")
    arguments = parser.parse_args()
    probe = arguments.build / "tools/reference/probe_train"
    held = [check_oracle()]
    for size in ["tiny", "odd"] if arguments.quick else ["tiny", "odd", "small", "base"]:
        for task in oracle.TASKS:
            held.append(compare(probe, task, size, steps=1 if size == "base" else 3))
    for task in ("pretraining", "captioning", "question_answering"):
        held.append(compare(probe, task, "tiny", smoothing="of_all_positions"))
    for task in oracle.TASKS:
        held.append(compare(probe, task, "odd", recomputed_blocks=2))
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
