#!/bin/bash
# Installs from the distribution whatever the named groups need and this machine lacks:
#   tools/install_dependencies.sh build|test|page|bench|lint|fuzz|parity|python|scale|site|containers|train …
# apt-get runs only when something is missing, and sudo only when this is not root. On systems
# without apt-get it changes nothing: CMake names what it cannot find, and the table in README.md
# says what each library is for.
set -euo pipefail

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "not a Debian-like system: install the libraries listed in README.md yourself" >&2
  exit 0
fi

# libFuzzer and clang's sanitizers: Debian 12 has them under clang's version only.
clang_runtime=libclang-rt-dev
if grep -q '^VERSION_CODENAME=bookworm' /etc/os-release; then
  clang_runtime=libclang-rt-14-dev
fi

wanted=()
for group in "$@"; do
  case $group in
    build) wanted+=(build-essential cmake ninja-build pkg-config libdnnl-dev libvips-dev
                    libtiff-dev libavif-dev liblcms2-dev libutf8proc-dev libpcre2-dev
                    libcurl4-openssl-dev libssl-dev zlib1g-dev nlohmann-json3-dev libcli11-dev
                    libfmt-dev libhwy-dev libboost-dev libsqlite3-dev libpq-dev libexif-dev libexiv2-dev) ;;
    test) wanted+=(libgtest-dev libgmock-dev
                   libimage-exiftool-perl exiv2 python3-pil  # who reads metadata back
                   python3-numpy python3-pydicom) ;;  # recipes/chest-x-ray
    page) wanted+=(chromium python3-venv)
          # Node from elsewhere brings its own, which Debian's package excludes.
          command -v npm >/dev/null || wanted+=(npm) ;;
    bench) wanted+=(libbenchmark-dev) ;;
    lint) wanted+=(clang clang-tidy clang-format python3) ;;  # run-clang-tidy is Python
    fuzz) wanted+=(clang "$clang_runtime") ;;
    parity) wanted+=(python3-venv) ;;
    python) wanted+=(python3-venv python3-dev) ;;
    scale) wanted+=(python3-venv default-jre-headless) ;;  # Spark runs on Java
    site) wanted+=(python3-venv doxygen) ;;
    containers) wanted+=(debootstrap) ;;
    # Without an optimised BLAS, libtorch falls back to the reference one.
    # Of Gloo its headers (src/train/run/CMakeLists.txt).
    train) wanted+=(libtorch-dev libopenblas0-pthread libgloo-dev) ;;
    *) echo "no group '$group': build, test, page, bench, lint, fuzz, parity, python, scale, site, containers or train" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
  --no-install-recommends "${missing[@]}" </dev/null >/dev/null
