#!/bin/bash
# The layouts are those that programs were compiled with: struct_layouts_test.sh PROGRAM LIST
set -euo pipefail
diff "$2" <("$1")
