#!/bin/bash
# The libvips that goes into the Python wheels: Debian's sources, with the loaders that blip.cpp uses and no others.
#   tools/wheels/build_vips.sh PREFIX
# Debian's own libvips draws in 60 more libraries (SVG, PDF, HDF5, OpenEXR, X11): 70 MB that nothing here calls.
# The soname is the same, so what was linked against Debian's runs with this one.
set -euo pipefail
prefix=$(realpath -m "$1")
[[ ! -e $prefix/lib/libvips.so ]] || exit 0

as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo)
work=$prefix/source
mkdir -p "$work"
cd "$work"
sources=/etc/apt/sources.list.d/blip-wheel-sources.list
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
if ! apt-get source --download-only -qq vips >/dev/null 2>&1; then
  echo "deb-src ${MIRROR:-http://deb.debian.org/debian} $codename main" | "${as_root[@]}" tee "$sources" >/dev/null
  "${as_root[@]}" apt-get -qq update
  apt-get source --download-only -qq vips
  "${as_root[@]}" rm "$sources"
fi
python3 -m venv meson
meson/bin/pip install --quiet meson ninja
export PATH=$PWD/meson/bin:$PATH
mkdir -p vips
tar --extract --strip-components 1 --directory vips --file vips_*.orig.tar.*
for archive in vips_*.debian.tar.xz; do tar --extract --directory vips --file "$archive"; done
cd vips
# The distribution's security fixes.
if [[ -e debian/patches/series ]]; then
  grep -v '^#' debian/patches/series | while read -r name; do patch -p1 --silent <"debian/patches/$name"; done
fi
meson setup ../build . --prefix "$prefix" --libdir lib --buildtype release --auto-features disabled \
  -Dmodules=disabled -Dintrospection=false -Ddeprecated=false -Dexamples=false -Dcplusplus=false \
  -Djpeg=enabled -Dspng=disabled -Dpng=enabled -Dwebp=enabled -Dnsgif=true -Dheif=enabled -Dexif=enabled -Dlcms=enabled \
  -Dzlib=enabled -Dppm=false -Danalyze=false -Dradiance=false >meson.log
ninja -C ../build -j "${JOBS:-2}" install >ninja.log
strip --strip-unneeded "$prefix"/lib/libvips.so
