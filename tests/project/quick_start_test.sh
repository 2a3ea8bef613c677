#!/bin/bash
# The programs of docs/quick-start.md print what the page shows: quick_start_test.sh DIRECTORY
# DIRECTORY holds the programs, example_quick_start_NAME. Runs in the project's root.
set -euo pipefail
directory=$1
page=docs/quick-start.md

# What the page shows for a program: its first ```text block after the line "// NAME.cpp".
shown_for() {
  awk -v name="// $1.cpp" '
    $0 == name { found = 1 }
    found && inside && $0 == "```" { exit }
    found && inside { print }
    found && $0 == "```text" { inside = 1 }
  ' "$page"
}

mapfile -t names < <(sed -nE 's|^// ([a-z_]+)\.cpp$|\1|p' "$page")
[[ ${#names[@]} -ge 7 ]] || { echo "$page: only ${#names[@]} programs found" >&2; exit 1; }
for name in "${names[@]}"; do
  shown=$(shown_for "$name")
  printed=$("$directory/example_quick_start_$name")
  if [[ -z $shown || $printed != "$shown" ]]; then
    printf '%s, %s.cpp\nthe page shows:\n%s\nthe program prints:\n%s\n' "$page" "$name" "$shown" "$printed" >&2
    exit 1
  fi
done
echo "$page: ${#names[@]} programs print what it shows"
