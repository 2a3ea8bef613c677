#!/bin/bash
# The .deb files of this system, in build/packages/SUITE: of a build of their own, without tests.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
cmake -S . -B build/packaging -G Ninja -DCMAKE_BUILD_TYPE=Release -DBLIP_DEVELOPER=OFF >/dev/null
cmake --build build/packaging
mkdir -p "build/packages/$suite"
rm -f "build/packages/$suite"/*.deb
cpack -G DEB --config build/packaging/CPackConfig.cmake -B "build/packages/$suite"
rm -rf "build/packages/$suite/_CPack_Packages"
