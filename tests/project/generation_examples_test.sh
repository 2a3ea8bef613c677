#!/bin/bash
# docs/generation.md's program and examples/stream.cpp print the captions that `blip caption` prints:
# generation_examples_test.sh BLIP PAGE_PROGRAM STREAM_EXAMPLE
# Runs in the project's root.
set -euo pipefail
blip=$1 page_program=$2 stream_example=$3
photos=examples/photos

expected=$(printf '%s: %s\n' \
  "$photos/cat.jpg" "$("$blip" caption --beams 3 "$photos/cat.jpg" </dev/null)" \
  "$photos/motorcycle.jpg" "$("$blip" caption --beams 1 "$photos/motorcycle.jpg" </dev/null)" | sort)
printed=$("$page_program" | sort)
if [[ $printed != "$expected" ]]; then
  printf 'docs/generation.md:\n%s\nblip caption:\n%s\n' "$printed" "$expected" >&2
  exit 1
fi

expected=$("$blip" caption --beams 1 "$photos/cat.jpg" </dev/null)
printed=$("$stream_example" models/nano-captioning "$photos/cat.jpg")
if [[ $printed != "$expected" ]]; then
  printf 'examples/stream.cpp: %s\nblip caption:        %s\n' "$printed" "$expected" >&2
  exit 1
fi

# No time at all: it is cancelled.
status=0
output=$("$stream_example" models/nano-captioning "$photos/cat.jpg" 0 2>&1) || status=$?
if [[ $status -ne 1 || $output != *cancelled* ]]; then
  printf 'exit %s:\n%s\n' "$status" "$output" >&2
  exit 1
fi
