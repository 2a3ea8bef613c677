#!/bin/bash
# Compares the program with Hugging Face transformers: tools/parity.sh BUILD_DIRECTORY [ARGUMENT …]
# Makes .venv with the versions of tools/reference/requirements.txt, then runs every
# tools/reference/parity_*.py with the arguments (--quick: tiny models only). The comparisons that
# look at photos take those of PHOTOS, a folder, too.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift

requirements=tools/reference/requirements.txt
if ! cmp -s "$requirements" .venv/installed-requirements.txt; then
  python3 -m venv .venv
  if [[ -n ${TORCH_INDEX_URL:-} ]]; then
    .venv/bin/pip install --quiet --index-url "$TORCH_INDEX_URL" "$(grep '^torch==' "$requirements")"
  fi
  .venv/bin/pip install --quiet --requirement "$requirements"
  # Of this one only CLIP's vocabulary is read; its own requirements are large and not needed.
  .venv/bin/pip install --quiet --no-deps open-clip-torch==3.3.0
  # What timm itself needs is there, but for torchvision, which is below.
  .venv/bin/pip install --quiet --no-deps timm==1.0.31
  # Its modules alone are run, which need none of what its class asks for but these.
  .venv/bin/pip install --quiet --no-deps min-dalle==0.4.11 emoji==2.16.0 msgpack==1.2.4
  .venv/bin/pip install --quiet requests==2.34.2
  # Apart from the rest: transformers changes its default for images where it finds torchvision.
  .venv/bin/pip install --quiet --no-deps --upgrade --target .venv/torchvision-alone torchvision==0.28.0
  cp "$requirements" .venv/installed-requirements.txt
fi

# Models and images are made on the spot from seeds; nothing may come from the network.
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error

passed=0
failed=()
for script in tools/reference/parity_*.py; do
  arguments=(--build "$build" "$@")
  if [[ $script == *_train.py && ! -x $build/tools/reference/probe_train ]]; then
    echo "== $script: left out, this build has no training (cmake --preset train)"
    continue
  fi
  case $script in
    *_image.py | *_processors.py) arguments+=(--photos "${PHOTOS:-examples/photos}") ;;
    *_corpus.py) arguments+=(--strict tests/image/data/files) ;;
    *_model.py) [[ -z ${PHOTOS:-} ]] || arguments+=(--photos "$PHOTOS") ;;
  esac
  echo
  echo "== $script ${arguments[*]}"
  if .venv/bin/python "$script" "${arguments[@]}"; then
    passed=$((passed + 1))
  else
    failed+=("$script")
  fi
done
echo
echo "parity: $passed scripts passed, ${#failed[@]} failed ${failed[*]}"
[[ ${#failed[@]} -eq 0 && $passed -gt 0 ]]
