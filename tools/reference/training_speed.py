"""How fast a training step is, against the same step in PyTorch: samples per second, and their ratio.

    training_speed.py BUILD_DIRECTORY [--sizes nano base] [--tasks captioning pretraining] [--steps 10]

Both take whole steps (losses, backward, AdamW) on the same kind of batch, by turns, so that whatever else the
machine does meets both. Each is measured with every number of threads up to the machine's processors and its
best is taken. The peer for captioning is transformers' BlipForConditionalGeneration with torch.optim.AdamW(fused=True); for
pre-training, which transformers does not have, training_oracle.py with torch's own linear and layer_norm.
The program should be built with the libtorch of the PyTorch that runs this.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SIZES = {
    "nano": dict(image=256, patch=16, image_layers=6, image_heads=4, text=256, text_layers=4, text_heads=4,
                 vocab=3607, size=112, space=256, queue=1920, batch=16, length=20),
    "base": dict(image=768, patch=16, image_layers=12, image_heads=12, text=768, text_layers=12, text_heads=12,
                 vocab=30524, size=224, space=256, queue=57600, batch=4, length=20),
}


def make_case(task, size):
    value = SIZES[size]
    vocab = value["vocab"]
    return {
        "task": task, "queue_size": value["queue"], "batch": value["batch"], "length": value["length"],
        "alphas": [0.4],
        "config": {
            "architectures": ["BlipForConditionalGeneration"], "model_type": "blip", "image_text_hidden_size": value["space"],
            "vision_config": {
                "hidden_size": value["image"], "intermediate_size": 4 * value["image"],
                "num_hidden_layers": value["image_layers"], "num_attention_heads": value["image_heads"],
                "image_size": value["size"], "patch_size": value["patch"], "layer_norm_eps": 1e-6},
            "text_config": {
                "vocab_size": vocab, "hidden_size": value["text"], "intermediate_size": 4 * value["text"],
                "num_hidden_layers": value["text_layers"], "num_attention_heads": value["text_heads"],
                "max_position_embeddings": 64, "layer_norm_eps": 1e-12, "bos_token_id": vocab - 2,
                "sep_token_id": 3, "eos_token_id": 3, "pad_token_id": 0}}}


def peer_step(case):
    """The step as a function, in PyTorch."""
    import torch
    config, batch, length = case["config"], case["batch"], case["length"]
    size, vocab = config["vision_config"]["image_size"], config["text_config"]["vocab_size"]
    images = torch.rand(batch, 3, size, size)
    ids, mask = torch.randint(5, vocab - 2, (batch, length)), torch.ones(batch, length, dtype=torch.int64)
    if case["task"] == "captioning":
        from transformers import BlipConfig, BlipForConditionalGeneration
        settings = BlipConfig(**{key: value for key, value in config.items() if key not in ("architectures", "model_type")})
        for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
            setattr(settings.text_config, name, 0.0)
        settings.text_config.label_smoothing = 0.1
        model = BlipForConditionalGeneration(settings).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.05, fused=True)

        def loss():
            return model(pixel_values=images, input_ids=ids, attention_mask=mask, labels=ids).loss
    else:
        import training_model
        import training_oracle as oracle
        training_model.uniform = lambda name, shape: images if name.startswith("images.") else torch.rand(shape) * 2 - 1
        training_model.Model.linear = lambda self, name, x: torch.nn.functional.linear(x, self[name + ".weight"], self[name + ".bias"])
        training_model.Model.norm = lambda self, name, x, eps: torch.nn.functional.layer_norm(
            x, x.shape[-1:], self[name + ".weight"], self[name + ".bias"], eps)
        others = [(row + 1) % batch for row in range(batch)]
        step = {"ids": ids.tolist(), "mask": mask.tolist(), "negative_images": others, "negative_texts": others}
        model = training_model.Model(case, torch.float32)
        optimizer = torch.optim.AdamW(model.trained.values(), lr=1e-5, weight_decay=0.05, fused=True)

        def loss():
            return oracle.losses(model, step, 0)["total"]

    def take():
        loss().backward()
        optimizer.step()
        optimizer.zero_grad()
    return take


def peer_worker(case_file, threads):
    import torch
    torch.set_num_threads(threads)
    take = peer_step(json.loads(pathlib.Path(case_file).read_text()))
    for _ in sys.stdin:
        start = time.perf_counter()
        take()
        print(time.perf_counter() - start, flush=True)


class Worker:
    """A process that takes a step whenever it is asked to."""

    def __init__(self, command, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="PASSIVE")
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        self.times = []

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.times.append(float(self.process.stdout.readline()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(build, task, size, steps):
    case = make_case(task, size)
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work, "case.json")
        path.write_text(json.dumps(case))
        best = {"ours": float("inf"), "peer": float("inf")}
        for threads in range(1, len(os.sched_getaffinity(0)) + 1):
            workers = {
                "ours": Worker([build / "tools/reference/probe_training_speed", path, threads], threads),
                "peer": Worker([sys.executable, __file__, "--peer", path, threads], threads)}
            for number in range(steps + 2):  # the first two warm up
                for worker in workers.values():
                    worker.step()
            for name, worker in workers.items():
                best[name] = min(best[name], statistics.median(worker.times[2:]))
                worker.close()
    rate = {name: case["batch"] / seconds for name, seconds in best.items()}
    print(f"{task:<12} {size:<6} batch {case['batch']:<3} blip.cpp {rate['ours']:8.2f} samples/s   "
          f"PyTorch {rate['peer']:8.2f} samples/s   ratio {rate['ours'] / rate['peer']:.2f}", flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer_worker(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--tasks", nargs="+", choices=("captioning", "pretraining"), default=["captioning", "pretraining"])
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()
    for task in arguments.tasks:
        for size in arguments.sizes:
            measure(arguments.build, task, size, arguments.steps)


if __name__ == "__main__":
    main()
