#!/bin/bash
# Checks that a module includes only the layers below it: tools/check_layers.sh ROOT
# A module is a directory of ROOT/src. It may include itself, the public headers (blip/…) and the
# modules listed here; CONTRIBUTING.md has the picture. Prints each violation and exits 1 if there
# is one.
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
  # It knows vectors and texts, no model.
  [search]="core kernels"
  # It knows files and texts, no picture.
  [metadata]="core"
  [app]="core kernels hub checkpoint image text dataset eval architectures model generate tasks search metadata"
  # Its engine alone knows models, its http alone sockets (see src/serve/).
  [serve]="core hub image text checkpoint architectures tasks app"
  [cli]="core kernels hub checkpoint image text dataset eval architectures model generate tasks search metadata app serve"
  # Its program speaks to people as the other one does.
  [train]="core checkpoint architectures image text dataset eval tasks app cli"
)
# Of these modules one header alone may be included: including module/included module → header.
declare -A only_header=([generate/model]="model/decode_step.hpp")

root=${1:-.}
cd "$root"
shopt -s nullglob
violations=0
complain() {
  echo "$1" >&2
  violations=$((violations + 1))
}

for directory in src/*/; do
  module=$(basename "$directory")
  if [[ ! -v may_include[$module] ]]; then
    complain "src/$module: not a module of tools/check_layers.sh"
    continue
  fi
  while IFS=: read -r file line text; do
    [[ $text =~ [\"\<]([^\"\>]*)[\"\>] ]] || continue
    included=${BASH_REMATCH[1]}
    target=${included%%/*}
    if [[ $included == ../* || $included == */../* ]]; then
      complain "$file:$line: includes $included: start the path at a module, not with .."
    elif [[ $target == "$module" || $target == "$included" || ! -v may_include[$target] ]]; then
      continue  # the module itself, a header of the system, a library's directory, or blip/
    elif [[ " ${may_include[$module]} " != *" $target "* ]]; then
      complain "$file:$line: $module/ includes $included, but may only use: ${may_include[$module]:-nothing}"
    elif [[ -v only_header[$module/$target] && ${only_header[$module/$target]} != "$included" ]]; then
      complain "$file:$line: $module/ includes $included, but of $target/ only ${only_header[$module/$target]}"
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
