#!/bin/bash
# Captions the photos in examples/photos with the bundled model: tools/demo.sh BUILD_DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1/bin/blip

printf '\n$ %s caption --beams 3 examples/photos\n' "$program"
"$program" caption --beams 3 examples/photos
printf '\nNow yours:    %s caption --beams 3 PHOTO_OR_FOLDER\n' "$program"
printf 'All options:  %s caption --help\n' "$program"
