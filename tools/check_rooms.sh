#!/bin/bash
# Checks that includes point only leftwards through the house: tools/check_rooms.sh ROOT
# Every room under ROOT/src may include itself, the public headers (blip/…) and the rooms listed
# here; CONTRIBUTING.md draws the picture. Prints each violation and exits 1 if there is one.
set -euo pipefail

declare -A may_include=(
  [core]=""
  [kernels]="core"
  [hub]="core"
  [checkpoint]="core hub"
  [image]="core"
  [text]="core"
  [dataset]="core"
  [eval]="core"
  [architectures]="core hub checkpoint image text"
  [model]="core kernels checkpoint architectures"
  [generate]="core model"
  [tasks]="core kernels hub checkpoint image text architectures model generate"
  [cli]="core kernels hub checkpoint image text dataset eval architectures model generate tasks"
  # Its program speaks to people as the other one does.
  [train]="core checkpoint architectures image text dataset eval tasks cli"
)
# A seam is the one header through which two rooms know each other: room → header.
declare -A seam=([generate/model]="model/decode_step.hpp")

root=${1:-.}
cd "$root"
shopt -s nullglob
violations=0
complain() {
  echo "$1" >&2
  violations=$((violations + 1))
}

for directory in src/*/; do
  room=$(basename "$directory")
  if [[ ! -v may_include[$room] ]]; then
    complain "src/$room: not a room of tools/check_rooms.sh"
    continue
  fi
  while IFS=: read -r file line text; do
    included=$(sed -E 's/^[^"<]*["<]([^">]*)[">].*/\1/' <<<"$text")
    target=${included%%/*}
    if [[ $included == ../* || $included == */../* ]]; then
      complain "$file:$line: includes $included: name a room instead of climbing out of one"
    elif [[ $target == "$room" || $target == "$included" || ! -v may_include[$target] ]]; then
      continue  # the room itself, a header of the system, a library's directory, or blip/
    elif [[ " ${may_include[$room]} " != *" $target "* ]]; then
      complain "$file:$line: $room/ includes $included, but may only use: ${may_include[$room]:-nothing}"
    elif [[ -v seam[$room/$target] && ${seam[$room/$target]} != "$included" ]]; then
      complain "$file:$line: $room/ includes $included, but of $target/ only ${seam[$room/$target]}"
    fi
  done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include' "$directory" --include='*.cpp' \
                --include='*.hpp' --include='*.h' || true)
done

if [[ -d include ]]; then
  while IFS=: read -r file line text; do
    complain "$file:$line: a public header includes something that is not public: $text"
  done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' include | grep -v '"blip/' || true)
fi

[[ $violations -eq 0 ]]
