#!/bin/bash
# Proves that tools/check_layers.sh finds violations: check_layers_test.sh PATH_OF_CHECK_LAYERS
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# verdict EXPECTED FILE INCLUDE: a source tree in which FILE has that one include passes or fails.
verdict() {
  local expected=$1 file=$2 include=$3 got=passes
  rm -rf "$tree"/*
  mkdir -p "$tree/src" "$tree/include" "$(dirname "$tree/$file")"
  printf '#pragma once\n%s\n' "$include" >"$tree/$file"
  bash "$check" "$tree" 2>"$tree.log" || got=fails
  if [[ $got != "$expected" ]]; then
    echo "$file with '$include' $got, expected: $expected" >&2
    cat "$tree.log" >&2
    exit 1
  fi
  if [[ $got == fails ]] && ! grep -q "$(basename "$file")\|not a module" "$tree.log"; then
    echo "the message for $file does not name it: $(cat "$tree.log")" >&2
    exit 1
  fi
  rm -f "$tree.log"
}

verdict passes src/model/vision.cpp '#include "kernels/linear.hpp"'
verdict passes src/model/vision.cpp '#include "model/vision.hpp"'
verdict passes src/model/vision.cpp '#include "vision.hpp"'
verdict passes src/generate/greedy.hpp '#include "model/decode_step.hpp"'
verdict passes src/text/word_piece.cpp '#include <utf8proc.h>'
verdict passes src/text/word_piece.cpp '#include <nlohmann/json.hpp>'
verdict passes src/image/decode.cpp '#include "blip/image.hpp"'
verdict passes src/cli/caption.cpp '#include "tasks/caption.hpp"'
verdict passes include/blip/image.hpp '#include "blip/error.hpp"'

verdict fails src/core/context.cpp '#include "kernels/linear.hpp"'
verdict fails src/kernels/linear.cpp '#include "model/vision.hpp"'
verdict fails src/text/word_piece.cpp '#include "checkpoint/checkpoint.hpp"'
verdict fails src/checkpoint/config.cpp '#include "text/vocabulary.hpp"'
verdict fails src/generate/beam_search.cpp '#include "model/decoder.hpp"'
verdict fails src/model/decoder.cpp '#include "generate/beam_search.hpp"'
verdict fails src/tasks/caption.cpp '#include "cli/options.hpp"'
verdict fails src/image/decode.cpp '  #  include <text/vocabulary.hpp>'
verdict fails src/image/decode.cpp '#include "../text/vocabulary.hpp"'
verdict fails src/attic/old.cpp '#include <vector>'
verdict fails include/blip/image.hpp '#include "image/resize.hpp"'
echo "check_layers.sh: 20 trees judged right"
