#!/bin/bash
# Prints the C and C++ files of the project, one a line: tools/sources.sh [DIRECTORY …]
set -euo pipefail
cd "$(dirname "$0")/.."
directories=("$@")
[[ $# -gt 0 ]] || directories=(include src bindings tests bench fuzz examples tools)
find "${directories[@]}" -type f \( -name '*.cpp' -o -name '*.hpp' -o -name '*.h' -o -name '*.c' \) | LC_ALL=C sort
