"""What the numbers were measured on: processor, memory, threads, versions."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess
import sys

PACKAGES = ("torch", "transformers", "open-clip-torch", "min-dalle", "onnxruntime", "openvino", "nncf", "pillow")
# Instruction sets that make a difference to matrix products.
FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16",
         "amx_int8", "asimd", "asimddp", "i8mm", "sve")


def cores():
    return len(os.sched_getaffinity(0))


def fields_of(path):
    fields = {}
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    return fields


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=pathlib.Path(__file__).parent).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def version_of(name):
    """→ name, version; that of open_clip lies beside torchvision, apart from the rest"""
    apart = pathlib.Path(sys.prefix) / "torchvision-alone"
    found = next(iter(importlib.metadata.distributions(name=name)), None) or next(
        iter(importlib.metadata.distributions(name=name, path=[str(apart)])), None)
    return name, found and found.version


def describe(blip, threads):
    """→ {what: value}, in the order in which the report tells them"""
    processor, memory = fields_of("/proc/cpuinfo"), fields_of("/proc/meminfo")
    flags = (processor.get("flags") or processor.get("Features", "")).split()
    versions = [f"{name} {version}" for name, version in map(version_of, PACKAGES) if version]
    return {
        "processor": f"{processor.get('model name', platform.machine())}, {cores()} cores, "
                     + " ".join(flag for flag in FLAGS if flag in flags),
        "memory": f"{int(memory['MemTotal'].split()[0]) / 2 ** 20:.0f} GiB",
        "system": f"Linux {platform.release()}, Python {platform.python_version()}",
        "threads": f"{threads} for everybody",
        "blip.cpp": f"{first_line([str(blip), '--version'])}, commit "
                    f"{first_line(['git', 'describe', '--always', '--dirty'])}",
        "peers": ", ".join(versions),
    }
