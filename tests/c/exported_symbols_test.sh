#!/bin/bash
# libblip_c.so exports the committed list and nothing else: exported_symbols_test.sh LIBRARY LIST
set -euo pipefail
exported=$(nm --dynamic --defined-only --with-symbol-versions "$1" | awk '$2 != "A" {print $3}' | sort)
if ! diff <(sort "$2") <(printf '%s\n' "$exported"); then
  echo "the committed list (<) and what $1 exports (>) differ" >&2
  exit 1
fi
