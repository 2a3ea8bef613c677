#!/bin/bash
# Measures the program beside transformers, ONNX Runtime and OpenVINO:
#   tools/bench_peers.sh BUILD_DIRECTORY [ARGUMENT …]
# Brings the newest of them, and of open_clip and min-dalle, into .venv-peers, unless PEERS_PYTHON names a Python that has them, then
# runs tools/peers/main.py with the arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift

python=${PEERS_PYTHON:-}
if [[ -z $python ]]; then
  python=.venv-peers/bin/python
  [[ -x $python ]] || python3 -m venv .venv-peers
  # The index for PyTorch without CUDA has no other packages.
  if [[ -n ${TORCH_INDEX_URL:-} ]]; then
    "$python" -m pip install --quiet --upgrade --index-url "$TORCH_INDEX_URL" torch
  fi
  "$python" -m pip install --quiet --upgrade --requirement tools/peers/requirements.txt
  # Apart from the rest: transformers changes its default for images where it finds torchvision.
  "$python" -m pip install --quiet --no-deps --upgrade --target .venv-peers/torchvision-alone \
    open-clip-torch timm torchvision
  # Its modules alone are run, which need none of what its class asks for but these.
  "$python" -m pip install --quiet --no-deps --upgrade min-dalle emoji requests
fi
exec "$python" tools/peers/main.py --build "$build" "$@"
