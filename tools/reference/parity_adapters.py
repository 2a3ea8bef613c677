#!/usr/bin/env python3
"""Parity of LoRA adapters with PEFT: image features, logits, embeddings and generated token ids of random-weight models with random
adapters, as PEFT itself loads and applies them.

Each adapter is compared as it is named to the library, its base model beside it, and once more as the model that `blip convert` makes
of it, which transformers loads. What is not plain LoRA has to be refused by name.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

# A busy machine makes spinning threads wait for each other; must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import transformers
from peft import (AdaLoraConfig, IA3Config, LoHaConfig, LoKrConfig, LoraConfig, OFTConfig, PeftModel, VeraConfig,
                  get_peft_model)
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (BertTokenizer, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipForQuestionAnswering,
                          BlipImageProcessorPil, BlipModel)

import parity_model
import random_models
from decoding import BEAMS, GREEDY
from probe_runner import FEATURE_LIMIT, Line, TaskProbe
from task_case import sentences
from task_oracles import AnswerOracle, FeatureOracle, KnownFeatures, MatchOracle

warnings.filterwarnings("ignore")
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESSOR_FILES = ("vocab.txt", "tokenizer_config.json", "preprocessor_config.json")

# What adapters do to a captioning model. "store" says how the file is written.
CAPTIONING = {
    "query and value": dict(r=8, lora_alpha=16, target_modules=["query", "value"]),
    "all linear": dict(r=4, target_modules="all-linear"),
    "expression, rsLoRA": dict(r=5, lora_alpha=7, use_rslora=True,
                               target_modules=r"text_decoder\.(?!cls).*(self\.(query|key)|output\.dense)"),
    "patterns": dict(r=4, lora_alpha=8, target_modules=["query", "dense", "qkv", "fc1"],
                     rank_pattern={"query": 3, r"layer\.1\..*dense": 6, "layers.0.mlp.fc1": 2},
                     alpha_pattern={"qkv": 1, r"encoder\.layer\.0\.attention\.self\.query": 20, "query": 5}),
    "embeddings": dict(r=4, target_modules=["word_embeddings", "position_embeddings", "patch_embedding"]),
    "head with its bias": dict(r=4, target_modules=["decoder", "query", "projection"], lora_bias=True),
    "head and embeddings": dict(r=3, target_modules=["decoder", "word_embeddings"]),
    "the same, tied": dict(r=3, target_modules=["decoder", "word_embeddings"], ensure_weight_tying=True),
    "all biases": dict(r=4, target_modules=["query", "decoder"], bias="all"),
    "its layers' biases": dict(r=4, target_modules=["value", "fc2"], bias="lora_only"),
    "whole modules": dict(r=4, target_modules=["query"], modules_to_save=["cls", "post_layernorm"]),
    "whole head matrix": dict(r=4, target_modules=["query"], modules_to_save=["predictions.decoder", "patch_embedding"]),
    "whole embeddings": dict(r=4, target_modules=["key"], modules_to_save=["word_embeddings"]),
    "whole, tied": dict(r=4, target_modules=["key"], modules_to_save=["word_embeddings"], ensure_weight_tying=True),
    "one layer": dict(r=4, target_modules=["query", "qkv"], layers_to_transform=1),
    "layers by pattern": dict(r=4, target_modules=["query", "qkv"], layers_to_transform=[0], layers_pattern=["layer", "blocks"]),
    "excluded": dict(r=4, target_modules="all-linear", exclude_modules=r".*vision_model.*|.*decoder"),
    "fan in, fan out": dict(r=4, target_modules=["query"], fan_in_fan_out=True),
    "pickle": dict(r=4, target_modules=["query", "fc1"], store="bin"),
    "float16 adapter": dict(r=4, target_modules=["query", "fc1"], store="f16"),
    "bfloat16 adapter": dict(r=4, target_modules=["query", "fc1"], modules_to_save=["post_layernorm"], store="bf16"),
    "embeddings saved": dict(r=4, target_modules=["word_embeddings"], store="embeddings"),
    "low-rank conv of a kernel": dict(r=16, lora_alpha=4, target_modules=["patch_embedding"]),
}
LARGE = ("query and value", "all linear", "patterns", "head and embeddings", "whole modules")

REFUSED = {
    "DoRA": (LoraConfig(r=4, target_modules=["query"], use_dora=True), "use_dora asks for DoRA"),
    "PiSSA": (LoraConfig(r=4, target_modules=["query"], init_lora_weights="pissa"), "init_lora_weights is text \"pissa\""),
    "OLoRA": (LoraConfig(r=4, target_modules=["query"], init_lora_weights="olora"), "init_lora_weights is text \"olora\""),
    "tokens": (LoraConfig(r=4, target_modules=["query"], trainable_token_indices={"word_embeddings": [1, 2]}),
               "trainable_token_indices asks for trainable tokens"),
    "parameters": (LoraConfig(r=4, target_modules=["query"], target_parameters=["embeddings.position_embedding"]),
                   "target_parameters asks for"),
    "IA3": (IA3Config(target_modules=["query", "fc1"], feedforward_modules=["fc1"]), "peft_type is \"IA3\""),
    "LoHa": (LoHaConfig(r=4, target_modules=["query"]), "peft_type is \"LOHA\""),
    "LoKr": (LoKrConfig(r=4, target_modules=["query"]), "peft_type is \"LOKR\""),
    "OFT": (OFTConfig(r=4, oft_block_size=0, target_modules=["query"]), "peft_type is \"OFT\""),
    "VeRA": (VeraConfig(r=4, target_modules=["query"]), "peft_type is \"VERA\""),
    "AdaLoRA": (AdaLoraConfig(target_modules=["query"], total_step=10), "peft_type is \"ADALORA\""),
}


def randomise(model, seed):
    """What training would have changed."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            noise = torch.randn(parameter.shape, generator=generator)
            if ".lora_A." in name:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
            elif ".lora_" in name:
                parameter.copy_(0.1 * noise)
            else:
                parameter.add_(0.05 * noise)


def save_adapter(base, directory, options, seed):
    """An adapter of the model `base`, a directory, as PEFT writes it."""
    options = dict(options)
    store = options.pop("store", "")
    model = get_peft_model(base, LoraConfig(**options))
    randomise(model, seed)
    extra = {"save_embedding_layers": True} if store == "embeddings" else {}
    model.save_pretrained(directory, safe_serialization=store != "bin", **extra)
    if store in ("f16", "bf16"):
        file = directory / "adapter_model.safetensors"
        dtype = torch.float16 if store == "f16" else torch.bfloat16
        save_file({name: tensor.to(dtype) for name, tensor in load_file(file).items()}, file, metadata={"format": "pt"})


class CaptionOracle(parity_model.Oracle):
    """What PEFT makes of an adapter. The processor is that of the base model."""

    def __init__(self, adapter, base, photos, dtype=torch.float32):
        self.base, self.dtype = base, dtype
        super().__init__(base, photos)
        self.directory = adapter
        if adapter != base:
            self.model = PeftModel.from_pretrained(self.model, adapter).get_base_model().eval()


def hold_merged(oracle, blip, work, texts):
    """That transformers makes of what `blip convert` writes what PEFT makes of the adapter. → the greatest difference of logits"""
    shutil.rmtree(work, ignore_errors=True)
    subprocess.run([blip, "convert", oracle.directory, work], check=True, stdout=subprocess.DEVNULL)
    merged = BlipForConditionalGeneration.from_pretrained(work, dtype=torch.float32).eval()
    worst = 0.0
    for index, ids in enumerate(texts):
        pixels = oracle.pixel_values[index % len(oracle.photos)][None]
        ids = torch.tensor([ids])
        worst = max(worst, float((merged(pixel_values=pixels, input_ids=ids).logits
                                  - oracle.model(pixel_values=pixels, input_ids=ids).logits).abs().max()))
    return worst


def compare_captioning(size, arguments, work, photos):
    base = work / f"caption-{size}"
    random_models.save(size, base, seed=1)
    plain = parity_model.Oracle(base, photos)
    with torch.no_grad():
        random_models.favour_stop(plain.model, pixel_values=plain.pixel_values)
    plain.model.save_pretrained(base)
    half = work / f"caption-{size}-f16"
    BlipForConditionalGeneration.from_pretrained(base, dtype=torch.float16).save_pretrained(half)
    for file in PROCESSOR_FILES:
        shutil.copy(base / file, half / file)
    texts = parity_model.random_texts(plain.model.config, 3, 20, torch.Generator().manual_seed(7))
    cases = parity_model.all_cases(len(photos), [None, "ba co"], GREEDY[:4] + BEAMS[:3])
    blip = arguments.build / "bin" / "blip"
    probe = arguments.build / "tools" / "reference" / "probe_model"
    ok = True
    for seed, (name, options) in enumerate(CAPTIONING.items()):
        if size in ("base", "large") and name not in LARGE:
            continue
        adapter = work / "adapter"
        shutil.rmtree(adapter, ignore_errors=True)
        save_adapter(BlipForConditionalGeneration.from_pretrained(base), adapter, options, seed)
        if seed % 2:  # as trainers do that are given a processor
            for file in PROCESSOR_FILES:
                shutil.copy(base / file, adapter / file)
        oracle = CaptionOracle(adapter, base, photos)
        label = f"{size}: {name}"
        ok &= parity_model.compare(label, oracle, probe, work / "out", cases, texts, weight_type="stored", batched=False)[0]
        with torch.no_grad():
            error = hold_merged(oracle, blip, work / "merged", texts)
        if not error <= parity_model.LOGIT_LIMIT:
            print(f"    WRONG: the converted model's logits differ by {error:.1e}")
            ok = False
        # A base model in float16, as transformers' float32 makes it of the same rounded values.
        if name == "query and value":
            shutil.rmtree(adapter)
            save_adapter(BlipForConditionalGeneration.from_pretrained(half, dtype=torch.float32), adapter, options, seed)
            oracle = CaptionOracle(adapter, half, photos)
            ok &= parity_model.compare(f"{label}, f16", oracle, probe, work / "out", cases, texts, weight_type="f32",
                                       batched=False)[0]
    return ok


def adapted(model_class, base, adapter):
    return PeftModel.from_pretrained(model_class.from_pretrained(base, dtype=torch.float32), adapter).get_base_model().eval()


def oracle_of(kind, model, tokenizer):
    """An oracle of transformers' style: the original definitions know no layers with adapters."""
    oracle = kind.__new__(kind)
    oracle.model, oracle.tokenizer, oracle.config = model, tokenizer, model.config
    oracle.vision = KnownFeatures(model.vision_model)
    model.vision_model = oracle.vision
    return oracle


TASKS = {
    "vqa": (BlipForQuestionAnswering, random_models.question_answering,
            dict(r=4, target_modules=["query", "value", "qkv", "decoder"], modules_to_save=["post_layernorm"])),
    "itm": (BlipForImageTextRetrieval, random_models.image_text_retrieval,
            dict(r=4, use_rslora=True, target_modules=["query", "dense", "fc1", "vision_proj"],
                 modules_to_save=["itm_head", "text_proj"])),
    "blip": (BlipModel, random_models.clip_like,
             dict(r=4, target_modules="all-linear", exclude_modules=["fc2"], modules_to_save=["patch_embedding"])),
}


def compare_task(task, size, arguments, work, photos):
    model_class, make, options = TASKS[task]
    base, adapter = work / f"{task}-{size}", work / f"{task}-{size}-adapter"
    values = dict(random_models.SIZES[size])
    # transformers' own answer decoder needs towers of one width, which those of the base size have.
    if task == "vqa" and "hidden_size" in values["text"]:
        values["vision"] = dict(values["vision"], hidden_size=values["text"]["hidden_size"],
                                num_attention_heads=values["text"]["num_attention_heads"])
    model = make(values, seed=2)
    model.save_pretrained(base)
    random_models.save_processor(base, model.config)
    save_adapter(model_class.from_pretrained(base), adapter, options, seed=5)
    tokenizer = BertTokenizer.from_pretrained(base)
    pixels = BlipImageProcessorPil.from_pretrained(base)(
        images=[Image.open(photo).convert("RGB") for photo in photos], return_tensors="pt")["pixel_values"]
    kind = {"vqa": AnswerOracle, "itm": MatchOracle, "blip": FeatureOracle}[task]
    oracle = oracle_of(kind, adapted(model_class, base, adapter), tokenizer)
    images = oracle.vision.encode(pixels)
    texts = sentences(model.config, 4, 12)
    everything = list(range(len(images)))
    line = Line(f"{size}: {task}", task, "f32")
    probe = TaskProbe(arguments.build / "tools" / "reference" / "probe_tasks", adapter, task, photos, work / "out")
    if task == "vqa":
        text = model.config.text_config
        answer = [text.bos_token_id, *range(5, 14)]
        asked = [probe.ask("states_and_logits", images=[0], texts=[t], style="hf", answer=answer) for t in texts]
        generated = probe.ask("generate", images=[0], texts=texts, style="hf", options=BEAMS[1])
        features, results = probe.run()
        for question, result in zip(texts, asked):
            states = oracle.states(images[0], question, "hf")
            line.error("states", results[result]["states"], states)
            line.error("logits", results[result]["logits"], oracle.logits(states, answer))
        for question, row in zip(texts, results[generated]):
            arguments_of = (images[0], question, "hf", BEAMS[1])
            line.decision(question, [row["ids"]], oracle.generate(*arguments_of)[0], lambda a=arguments_of: oracle.margin(*a), 1e-4)
    elif task == "itm":
        image_features = probe.ask("image_features", images=everything)
        text_features = probe.ask("text_features", texts=texts, style="hf")
        logits = probe.ask("itm_logits", images=[1], texts=texts, style="hf")
        features, results = probe.run()
        line.error("image embeddings", results[image_features], torch.stack([oracle.image_features(i) for i in images]))
        line.error("text embeddings", results[text_features], torch.stack([oracle.text_features(t, "hf") for t in texts]))
        line.error("itm logits", results[logits], torch.stack([oracle.itm_logits(images[1], t, "hf") for t in texts]))
    else:
        separate = probe.ask("features", images=everything, texts=texts)
        features, results = probe.run()
        line.error("image", results[separate]["image"], torch.stack([oracle.image_features(i) for i in images]))
        line.error("text", results[separate]["text"], torch.stack([oracle.text_features(t) for t in texts]))
    line.error("features", features, images, FEATURE_LIMIT)
    return line.print()


def hold_refusals(arguments, work):
    """That what is not plain LoRA is refused, each by its name."""
    base = work / "refusing"
    random_models.save("tiny", base, seed=1)
    ok = True
    for name, (config, wanted) in REFUSED.items():
        adapter = work / "refused"
        shutil.rmtree(adapter, ignore_errors=True)
        get_peft_model(BlipForConditionalGeneration.from_pretrained(base), config).save_pretrained(adapter)
        run = subprocess.run([arguments.build / "bin" / "blip", "inspect", adapter], capture_output=True, text=True, check=False)
        if run.returncode != 2 or wanted not in run.stderr or run.stderr.count("\n") != 1:
            print(f"    WRONG: {name}: {run.returncode} {run.stdout}{run.stderr}, wanted {wanted}")
            ok = False
    print(f"refused by name: {', '.join(REFUSED)}: {'ok' if ok else 'FAILED'}")
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    arguments = parser.parse_args()
    photos = sorted((ROOT / "examples" / "photos").glob("*.jpg"))[:2]
    print(f"{'model':<36} {'type':<5} {'pixels':<7} {'features':>9} {'logits':>9} "
          f"{'same ids':>11} {'ties':>4} {'in batch':>8} {'scores':>9}")
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        for size in ["tiny", "odd"] + ([] if arguments.quick else ["small", "base"]):
            torch.set_num_threads(2 if size == "base" else 1)
            ok &= compare_captioning(size, arguments, work, photos)
        with torch.no_grad():
            for task in TASKS:
                for size in ["tiny"] + ([] if arguments.quick else ["small", "base"]):
                    ok &= compare_task(task, size, arguments, work, photos)
        ok &= hold_refusals(arguments, work)
    print("parity_adapters:", "ok" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
