#!/bin/bash
# Runs fuzz targets for some seconds, every one or those that are named:
#   [FUZZ_JOBS=N] tools/fuzz.sh BUILD_DIRECTORY SECONDS [NAME…]
# Each starts from a copy of its corpus, so that the committed one stays small. What crashed is left
# in BUILD_DIRECTORY/crashes.
set -euo pipefail
build=$(realpath "$1")
seconds=$2
shift 2
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$build/crashes"

fuzz_one() {
  local program=$1
  local name=${program##*/fuzz_}
  mkdir -p "$scratch/$name"
  if [[ -d fuzz/corpus/$name ]]; then cp -r "fuzz/corpus/$name/." "$scratch/$name"; fi
  local options=(-max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 -print_final_stats=1
                 -artifact_prefix="$build/crashes/$name-")
  if [[ -f fuzz/$name.dict ]]; then options+=(-dict="fuzz/$name.dict"); fi
  if "$program" "${options[@]}" "$scratch/$name" >"$build/fuzz_$name.log" 2>&1; then
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz_$name.log")
    echo "$name: clean, $runs runs in $seconds s"
  else
    tail -n 60 "$build/fuzz_$name.log" >&2
    echo "$name: FAILED (all of its output: $build/fuzz_$name.log)"
    return 1
  fi
}
export -f fuzz_one
export build seconds scratch

{
  if [[ $# -gt 0 ]]; then
    printf "$build/fuzz/fuzz_%s\n" "$@"
  else
    find "$build/fuzz" -maxdepth 1 -type f -executable -name 'fuzz_*' | LC_ALL=C sort
  fi
} |
  xargs -P "${FUZZ_JOBS:-$(nproc)}" -I{} bash -euo pipefail -c 'fuzz_one {}'
