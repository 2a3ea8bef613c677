"""The module checkpoint/ as a program that answers questions about files (probe_checkpoint), and the two
small configurations that the checks of it are made with."""

import json
import pathlib
import subprocess

TEXT = {
    "vocab_size": 99, "hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 48, "bos_token_id": 98,
    "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0,
}
VISION = {
    "hidden_size": 48, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4,
    "image_size": 30, "patch_size": 6, "layer_norm_eps": 1e-6,
}


class Probe:
    def __init__(self, build):
        program = pathlib.Path(build) / "tools/reference/probe_checkpoint"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, what, path):
        request = json.dumps({"what": what, "path": str(path)}) + "\n"
        self.process.stdin.write(request.encode())
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer.get("ok"), answer.get("error")


def listed(tensors):
    """name -> [dtype, shape, crc32]"""
    return {name: [tensor["dtype"], tensor["shape"], tensor["crc32"]] for name, tensor in tensors.items()}
