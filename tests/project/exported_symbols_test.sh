#!/bin/bash
# A shared library of blip.cpp exports what the public headers mark with BLIP_API and nothing else of
# ours: exported_symbols_test.sh SOURCE_DIRECTORY LIBRARY CXX
# LIBRARY is libblip.so, or libblip.a, of which a shared one is made here, as its objects are the same.
set -euo pipefail
source=$1 library=$2 cxx=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [[ $library == *.a ]]; then
  "$cxx" -shared -o "$scratch/libblip.so" -Wl,--whole-archive "$library" -Wl,--no-whole-archive
  library=$scratch/libblip.so
fi

# The first name below blip:: of every class, function and virtual table.
nm -DC --defined-only "$library" |
  sed -nE 's/^[0-9a-f]+ [A-Za-z] (.* for )?blip::([A-Za-z_0-9]+).*/\2/p' | sort -u >"$scratch/exported"
sed -nE 's/^(class|struct) BLIP_API ([A-Za-z]+).*/\2/p
         s/^.*BLIP_API [^(]* ([a-z_]+)\(.*/\1/p' "$source"/include/blip/*.hpp |
  sort -u >"$scratch/public"

if [[ ! -s $scratch/public ]] || ! diff "$scratch/public" "$scratch/exported" >"$scratch/difference"; then
  echo "public headers (<) and exported symbols (>) differ:" >&2
  cat "$scratch/difference" >&2
  exit 1
fi
