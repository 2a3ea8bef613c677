#!/bin/bash
# Checks the sources: tools/lint.sh BUILD_DIRECTORY
# The build directory holds compile_commands.json of a developer build, which nothing need have been
# built in, without precompiled headers: clang cannot read GCC's. LINT_SINCE=REF limits
# clang-tidy, which takes minutes, to the .cpp files that differ from that git revision.
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."

# Longer is a sign that the build system has become a program.
max_cmake_lines=300

failed=0
section() { echo "== $1"; }
fail() { echo "$1" >&2; failed=1; }

section "clang-format"
tools/sources.sh | xargs clang-format --dry-run -Werror || fail "run: make format"

section "layers"
tools/check_layers.sh . || failed=1

section "CMake under $max_cmake_lines lines"
lines=$(cat CMakeLists.txt cmake/* | wc -l)
[[ $lines -lt $max_cmake_lines ]] ||
  fail "CMakeLists.txt and cmake/ have $lines lines, limit $max_cmake_lines"

section "clang-tidy"
files=$(tools/sources.sh src examples tools bench tests | grep '\.cpp$')
if [[ -n ${LINT_SINCE:-} ]]; then
  changed=$(git diff --name-only --diff-filter=d "$LINT_SINCE" -- '*.cpp')
  files=$(comm -12 <(echo "$files") <(LC_ALL=C sort <<<"$changed"))
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [[ -n $files ]]; then
  # run-clang-tidy takes regular expressions; ^…$ keeps a.cpp from matching data.cpp too.
  patterns=$(sed -e 's/[.+]/\\&/g' -e "s|.*|^$PWD/&\$|" <<<"$files")
  # shellcheck disable=SC2086  # no file of the project has a space in its name
  if ! run-clang-tidy -quiet -p "$build" -j "$(nproc)" \
      -extra-arg=-Wno-unknown-warning-option $patterns >"$log" 2>&1; then
    grep -A3 -E '(warning|error):' "$log" || cat "$log"
    fail "clang-tidy: see above"
  fi
fi

[[ $failed -eq 0 ]] && echo "lint: clean"
exit "$failed"
