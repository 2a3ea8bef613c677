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

# Words that change when more comes: with other names of the same tokens "is n ' t" becomes "isn't".
model=$(mktemp -d)
trap 'rm -rf "$model"' EXIT
cp models/nano-captioning/* "$model"
awk 'BEGIN {split("jumping n on \047 a t", pairs, " "); for (i = 1; i < 6; i += 2) {to[pairs[i]] = pairs[i + 1]; to[pairs[i + 1]] = pairs[i]}}
     {print ($0 in to) ? to[$0] : $0}' models/nano-captioning/vocab.txt >"$model/vocab.txt"
printf '{"tokenizer_class": "BertTokenizer", "clean_up_tokenization_spaces": true}' >"$model/tokenizer_config.json"
expected=$("$blip" caption -m "$model" --beams 1 "$photos/skateboarder.jpg" </dev/null)
printed=$("$stream_example" "$model" "$photos/skateboarder.jpg")
if [[ $printed != "$expected" || $expected != *"isn't"* ]]; then
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
