#!/bin/bash
# The programs of examples/c print what the program prints:
#   examples_test.sh CAPTION MATCH BLIP CAPTIONING RETRIEVAL PHOTO
set -euo pipefail
caption=$1 match=$2 blip=$3 captioning=$4 retrieval=$5 photo=$6

diff <("$caption" "$captioning" "$photo" | head -n 1) <("$blip" caption -m "$captioning" "$photo")
diff <("$match" "$retrieval" "$photo" "a cat" "two dogs") \
     <("$blip" match -m "$retrieval" "$photo" "a cat" "two dogs" | tail -n +2)
if "$caption" /no/such/model "$photo" 2>/dev/null; then
  echo "a model that is not there was no error" >&2
  exit 1
fi
