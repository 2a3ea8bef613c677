#!/bin/bash
# Installs into an empty prefix, builds a program against it with find_package(blip), and runs both
# that and the installed `blip` from elsewhere:
#   installed_package_test.sh SOURCE_DIRECTORY BUILD_DIRECTORY CMAKE CXX
set -euo pipefail
source=$1 build=$2 cmake=$3 cxx=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

"$cmake" --install "$build" --prefix "$prefix" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
"$cmake" -S "$source/tests/project/consumer" -B "$scratch/build" -G Ninja \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix" \
  -DEXAMPLE="$source/examples/caption.cpp"
"$cmake" --build "$scratch/build"

cd /
photo=$source/examples/photos/cat.jpg
by_library=$("$scratch/build/consumer" "$prefix/share/blip/models/nano-captioning" "$photo")
by_program=$(env -u BLIP_MODEL "$prefix/bin/blip" caption --beams 3 "$photo")
if [[ -z $by_program || $by_library != "$photo: $by_program" ]]; then
  printf 'library: %s\nprogram: %s\n' "$by_library" "$by_program" >&2
  exit 1
fi

# The model it used is the installed one, not the source tree's.
if ! grep -qF "$prefix/share/blip/models/nano-captioning" <<<"$("$prefix/bin/blip" inspect nano-captioning)"; then
  echo "the installed program does not use the installed model" >&2
  exit 1
fi

# C programs find the C library by pkg-config.
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name blip_c.pc)")
read -ra flags <<<"$(pkg-config --cflags --libs blip_c)"
cc -std=c11 "$source/examples/c/caption.c" "${flags[@]}" -o "$scratch/caption"
by_c=$(LD_LIBRARY_PATH=$PKG_CONFIG_PATH/.. "$scratch/caption" nano-captioning "$photo" | head -n 1)
if [[ $by_c != "$(env -u BLIP_MODEL "$prefix/bin/blip" caption "$photo")" ]]; then
  echo "the C program says: $by_c" >&2
  exit 1
fi
