#!/bin/bash
# README.md shows what the program prints: readme_test.sh BLIP README_PROGRAM CAPTION_EXAMPLE MATCH_EXAMPLE
# Runs in the project's root.
set -euo pipefail
blip=$1 readme_program=$2 caption_example=$3 match_example=$4

# Rows of the table of captions: | <img src="PHOTO" …> | CAPTION |
rows=$(sed -nE 's/^\| *<img src="([^"]*)"[^>]*> *\| *([^|]*[^| ]) *\|.*/\1\t\2/p' README.md)
[[ $(wc -l <<<"$rows") -ge 3 ]] || { echo "README.md's table of captions is gone" >&2; exit 1; }
while IFS=$'\t' read -r photo shown; do
  printed=$("$blip" caption --beams 3 "$photo" </dev/null)
  if [[ $printed != "$shown" ]]; then
    printf '%s\nREADME.md: %s\nprogram:   %s\n' "$photo" "$shown" "$printed" >&2
    exit 1
  fi
done <<<"$rows"

# README.md's ten lines and the example say the same of a photo as each other.
photo=$(sed -nE 's/.*Image::open\("([^"]*)"\).*/\1/p' README.md | head -n 1)
ten_lines=$("$readme_program")
example=$("$caption_example" models/nano-captioning "$photo")
if [[ -z $ten_lines || $example != "$photo: $ten_lines" ]]; then
  printf 'README.md:           %s\nexamples/caption.cpp: %s\n' "$ten_lines" "$example" >&2
  exit 1
fi

# The example reports a bad photo, goes on, and exits 1.
status=0
output=$("$caption_example" models/nano-captioning no-such.jpg "$photo" 2>&1) || status=$?
if [[ $status -ne 1 || $output != *no-such.jpg* || $output != *"$photo: $ten_lines"* ]]; then
  printf 'exit %s:\n%s\n' "$status" "$output" >&2
  exit 1
fi

# Every command that README.md shows is one the program has.
while read -r command; do
  "$blip" "$command" --help >/dev/null || { echo "README.md: blip $command is no command" >&2; exit 1; }
done < <(sed -nE 's/^blip ([a-z]+) .*/\1/p' README.md | sort -u)

# The other example gives each text its probability.
output=$("$match_example" tests/tasks/data/itm "$photo" "a cat" "a red motorcycle")
if ! grep -qE '^[01]\.[0-9]{3}  a cat$' <<<"$output" ||
   ! grep -qE '^[01]\.[0-9]{3}  a red motorcycle$' <<<"$output"; then
  printf 'examples/match.cpp:\n%s\n' "$output" >&2
  exit 1
fi
