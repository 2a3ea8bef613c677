#!/usr/bin/env python3
"""Writes the files that the unit tests of the module checkpoint/ read, with PyTorch, safetensors and
transformers: make_checkpoint_fixtures.py tests/checkpoint/data"""

import collections
import json
import pathlib
import sys
import tempfile

import safetensors.torch
import torch
from transformers import BlipConfig, BlipForConditionalGeneration
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

import torch_files
from checkpoint_probe import TEXT, VISION

LEGACY_TEXT = {
    "_name_or_path": "", "architectures": None, "attention_probs_dropout_prob": 0.0, "bos_token_id": 30522,
    "do_sample": False, "early_stopping": False, "eos_token_id": 2, "hidden_act": "gelu",
    "hidden_dropout_prob": 0.0, "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072,
    "is_decoder": True, "layer_norm_eps": 1e-12, "length_penalty": 1.0, "max_length": 20,
    "max_position_embeddings": 512, "min_length": 0, "model_type": "blip_text_model",
    "no_repeat_ngram_size": 0, "num_attention_heads": 12, "num_beams": 1, "num_hidden_layers": 12,
    "num_return_sequences": 1, "pad_token_id": 0, "projection_dim": 768, "repetition_penalty": 1.0,
    "sep_token_id": 102, "temperature": 1.0, "top_k": 50, "top_p": 1.0, "torch_dtype": None,
    "use_cache": True, "vocab_size": 30524,
}
LEGACY_VISION = {
    "attention_dropout": 0.0, "dropout": 0.0, "hidden_act": "gelu", "hidden_size": 768, "image_size": 384,
    "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-05, "max_length": 20,
    "model_type": "blip_vision_model", "num_attention_heads": 12, "num_beams": 1, "num_channels": 3,
    "num_hidden_layers": 12, "patch_size": 16, "projection_dim": 512, "top_k": 50,
}


def write_fixtures(directory):
    torch.manual_seed(0)
    config = BlipConfig(text_config=dict(TEXT), vision_config=dict(VISION), projection_dim=24, image_text_hidden_size=16)
    with tempfile.TemporaryDirectory() as scratch:
        BlipForConditionalGeneration(config).save_pretrained(scratch)
        v5 = directory / "v5"
        v5.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "generation_config.json"):
            (v5 / name).write_bytes((pathlib.Path(scratch) / name).read_bytes())
    processor = BlipImageProcessorPil(size={"height": 30, "width": 30}, resample=2, image_mean=[0.5, 0.25, 0.125])
    # What BlipProcessor.save_pretrained writes, without a tokenizer to go with it.
    nested = {"image_processor": json.loads(processor.to_json_string()), "processor_class": "BlipProcessor"}
    (v5 / "processor_config.json").write_text(json.dumps(nested, indent=2) + "\n")

    legacy = directory / "legacy"
    legacy.mkdir(exist_ok=True)
    (legacy / "config.json").write_text(json.dumps({
        "architectures": ["BlipForConditionalGeneration"], "image_text_hidden_size": 256,
        "initializer_factor": 1.0, "logit_scale_init_value": 2.6592, "model_type": "blip",
        "projection_dim": 512, "text_config": LEGACY_TEXT, "torch_dtype": "float32",
        "transformers_version": None, "vision_config": LEGACY_VISION,
    }, indent=2) + "\n")

    tensors = {
        "f64": torch.tensor([0.1, -2e300], dtype=torch.float64),
        "f32": torch.tensor([[0.0, -0.5, 1.5], [3.25, -1e-30, 1e30]]),
        "f16": torch.tensor([1.0, -2.0, 65504.0], dtype=torch.float16),
        "bf16": torch.tensor([1.0, -2.0, 3.140625], dtype=torch.bfloat16),
        "i64": torch.tensor([-(2**63), -1, 2**63 - 1]),
        "i32": torch.tensor([-(2**31), 7], dtype=torch.int32),
        "i16": torch.tensor([-300], dtype=torch.int16),
        "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(3, 0),
    }
    safetensors.torch.save_file(tensors, directory / "dtypes.safetensors", metadata={"format": "pt"})
    (directory / "dtypes.safetensors").chmod(0o644)

    files = directory / "torch"
    files.mkdir(exist_ok=True)
    tensors = torch_files.tensors_of_every_kind()
    checkpoint = {"model": collections.OrderedDict(tensors), **torch_files.siblings()}
    torch.save(checkpoint, files / "zip.pth")
    torch.save(checkpoint, files / "zip_protocol_4.bin", pickle_protocol=4)
    torch.save(checkpoint, files / "legacy.pth", _use_new_zipfile_serialization=False)
    same = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    safetensors.torch.save_file(same, files / "same.safetensors")
    (files / "same.safetensors").chmod(0o644)


if __name__ == "__main__":
    write_fixtures(pathlib.Path(sys.argv[1]))
