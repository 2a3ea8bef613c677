#!/bin/bash
# The Debian packages have everything in its place, and what is unpacked from them works:
#   debian_package_test.sh BUILD_DIRECTORY CPACK PHOTO
set -euo pipefail
build=$1 cpack=$2 photo=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$scratch/packages" >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
for package in blip blip-models libblip-c1 libblip-dev; do
  file=$(find "$scratch/packages" -maxdepth 1 -name "${package}_*.deb")
  if [[ -z $file ]]; then
    echo "no package $package" >&2
    exit 1
  fi
  dpkg-deb --extract "$file" "$scratch/root"
done
depends=$(dpkg-deb --field "$scratch"/packages/blip_*.deb Depends)
[[ $depends == *libvips* ]] || { echo "blip does not depend on libvips: $depends" >&2; exit 1; }

root=$scratch/root/usr
for file in bin/blip include/blip.h include/blip/blip.hpp share/man/man1/blip-caption.1 \
            share/bash-completion/completions/blip share/blip/models/nano-captioning/config.json; do
  [[ -e $root/$file ]] || { echo "no package has $file" >&2; exit 1; }
done
[[ -n $(find "$root/lib" -name 'libblip_c.so.1') ]] || { echo "no package has libblip_c.so.1" >&2; exit 1; }

cd /
caption=$(env -u BLIP_MODEL "$root/bin/blip" caption "$photo")
[[ -n $caption ]]
"$root/bin/blip" inspect nano-captioning | grep -qF "$root/share/blip/models"
