#!/usr/bin/env python3
"""Writes the fixtures of tests/tasks/adapter_test.cpp: a LoRA adapter, as PEFT saves it, of the small model in tests/tasks/data/vqa
(data/adapter), and what PEFT makes of it (data/adapter.json).

One adapter has nearly everything: ranks and alphas by patterns, rsLoRA, the embeddings and the head that are tied to them, the
convolution, trained biases and a whole module.
"""

import json
import pathlib
import shutil

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from PIL import Image
from transformers import BertTokenizer, BlipForQuestionAnswering, BlipImageProcessorPil

import parity_adapters
from task_oracles import AnswerOracle

DATA = pathlib.Path(__file__).resolve().parents[2] / "tests" / "tasks" / "data"
PHOTO = "cat.jpg"
QUESTION = "is the cat red and on the street?"
ANSWER = [64, 30, 25, 20, 40]
CONFIG = dict(r=3, lora_alpha=5, use_rslora=True, bias="lora_only", modules_to_save=["post_layernorm"],
              target_modules=["query", "qkv", "word_embeddings", "decoder", "patch_embedding", "fc1"],
              rank_pattern={"query": 2, r"layers\.0\.mlp\.fc1": 4}, alpha_pattern={"qkv": 2, r"crossattention\.self\.query": 7})


def main():
    base, adapter = DATA / "vqa", DATA / "adapter"
    shutil.rmtree(adapter, ignore_errors=True)
    model = get_peft_model(BlipForQuestionAnswering.from_pretrained(base, dtype=torch.float32), LoraConfig(**CONFIG))
    parity_adapters.randomise(model, seed=11)
    model.save_pretrained(adapter, save_embedding_layers=False)
    (adapter / "README.md").unlink()
    config = json.loads((adapter / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "vqa"
    (adapter / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")

    model = PeftModel.from_pretrained(BlipForQuestionAnswering.from_pretrained(base, dtype=torch.float32), adapter)
    oracle = parity_adapters.oracle_of(AnswerOracle, model.get_base_model().eval(), BertTokenizer.from_pretrained(base))
    photo = Image.open(DATA.parents[2] / "examples" / "photos" / PHOTO).convert("RGB")
    pixels = BlipImageProcessorPil.from_pretrained(base)(images=[photo], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        image = oracle.vision.encode(pixels)[0]
        states = oracle.states(image, QUESTION, "hf")
        logits = oracle.logits(states, ANSWER)
        ids, _ = oracle.generate(image, QUESTION, "hf", {"num_beams": 3})

    def rounded(tensor):
        return [float(f"{value:.7g}") for value in tensor.flatten().tolist()]
    (DATA / "adapter.json").write_text(json.dumps({
        "photo": PHOTO, "question": QUESTION, "answer": ANSWER, "features": rounded(image[:4]), "states": rounded(states),
        "logits": rounded(logits), "ids": ids[0]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
