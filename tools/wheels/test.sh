#!/bin/bash
# The wheels of build/wheels in clean environments: tools/wheels/test.sh [PYTHON…]
# Each PYTHON gets two, with the oldest numpy 1 and the newest numpy that it has wheels of; without a compiler, without
# the repository on any path, and with no library of the system but those that a wheel may count on.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $# -gt 0 ]] || set -- python3
tests=$PWD/bindings/python/tests

for python in "$@"; do
  for numpy in 'numpy<2' 'numpy>=2'; do
    environment=$(mktemp -d)
    "$python" -m venv "$environment"
    # numpy 1 has no wheels for Python 3.13 and later, numpy 2 none for those before 3.9.
    if ! "$environment/bin/pip" install --quiet --only-binary :all: "$numpy" 2>"$environment/log"; then
      echo "$python: no $numpy"
      rm -rf "$environment"
      continue
    fi
    "$environment/bin/pip" install --quiet --find-links build/wheels --only-binary :all: blip-cpp blip-cpp-models \
      pytest pillow tqdm fsspec
    # Everything that it loads comes from the wheel or is the C library's or the compiler's.
    foreign=$(ldd "$environment"/lib/python*/site-packages/blip_cpp/_blip_cpp*.so | awk '{print $3}' |
      grep '^/' | grep -v "$environment" | xargs -n 1 basename |
      grep -Ev '^(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+|libz|libanl|libmvec)\.so' || true)
    [[ -z $foreign ]] || { echo "from the system: $foreign" >&2; exit 1; }
    (cd / && "$environment/bin/python" -X dev - <<'END')
import blip_cpp
assert "nano-captioning" in blip_cpp.bundled_models() and "blip_cpp/models" in blip_cpp._blip_cpp.resolve_model("nano-vqa")
END
    (cd / && "$environment/bin/python" -X dev -m pytest -q -p no:cacheprovider "$tests" >"$environment/log") ||
      { cat "$environment/log" >&2; exit 1; }
    tail -n 1 "$environment/log"
    "$environment/bin/python" -c 'import sys, numpy; print("Python %d.%d, numpy" % sys.version_info[:2], numpy.__version__)'
    rm -rf "$environment"
  done
done
