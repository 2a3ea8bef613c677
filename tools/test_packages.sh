#!/bin/bash
# The packages on a Debian that has nothing yet: as root,
#   tools/test_packages.sh SUITE [DIRECTORY]
# SUITE is bookworm (12), trixie (13), …. DIRECTORY (default /var/tmp/blip-packages-SUITE) receives the system; if it
# already holds one, that is used. MIRROR overrides the mirror.
#
# The .deb files of that suite must lie in build/packages/SUITE (`make packages` makes those of the system it runs on,
# DEBS=… names another folder), the wheels in build/wheels (tools/wheels/build.sh). What is not there is left out, and
# said so. Each step is a test: installed, used, removed; built against with CMake and pkg-config; the wheel, by the tests
# of the package that need no program of ours.
set -euo pipefail
suite=$1
root=${2:-/var/tmp/blip-packages-$suite}
mirror=${MIRROR:-http://deb.debian.org/debian}
cd "$(dirname "$0")/.."
debs=${DEBS:-build/packages/$suite}

if [[ ! -x $root/bin/bash || -d $root/debootstrap ]]; then
  rm -rf "$root"
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >/dev/null
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"

cleanup() {
  umount -R "$root/proc" "$root/dev" 2>/dev/null || true
}
trap cleanup EXIT
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"

rm -rf "$root/work"
mkdir -p "$root/work"
cp -r examples tests/project/consumer "$root/work/"
# Of what libblip calls, the header-only consumer in C++ is examples/caption.cpp.
has_debs= has_wheels=
if compgen -G "$debs/blip_*.deb" >/dev/null; then has_debs=yes; mkdir "$root/work/debs"; cp "$debs"/*.deb "$root/work/debs/"; fi
if compgen -G 'build/wheels/blip_cpp-*.whl' >/dev/null; then
  has_wheels=yes
  mkdir "$root/work/wheels"
  cp build/wheels/*.whl "$root/work/wheels/"
  # What the package's tests read, where they look for it.
  mkdir -p "$root/work/checkout/bindings/python" "$root/work/checkout/tests/tasks" "$root/work/checkout/tests/models"
  cp -r bindings/python/tests bindings/python/pyproject.toml "$root/work/checkout/bindings/python/"
  cp -r tests/tasks/data "$root/work/checkout/tests/tasks/"
  cp -r tests/models/nano "$root/work/checkout/tests/models/"
  mkdir "$root/work/checkout/examples"
  cp -r examples/photos "$root/work/checkout/examples/"
fi

passed=0
# inside NAME: standard input is the script, which runs in the new system, with nothing of this one's environment (as
# a CMAKE_CXX_COMPILER_LAUNCHER that is not there) but the way to the network.
inside() {
  local name=$1 log=$root/work/log
  if env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" \
    chroot "$root" /bin/bash -euo pipefail -c "cd /work; $(cat)" </dev/null >"$log" 2>&1; then
    passed=$((passed + 1))
    printf '%s: %s\n%s\n' "$suite" "$name" "$(grep '^>' "$log" || true)"
  else
    tail -n 40 "$log" >&2
    echo "$suite: $name failed" >&2
    exit 1
  fi
}

inside "apt-get update" <<'END'
# Of an earlier run that failed, or was ended.
dpkg --configure -a
apt-get -qq update
left=$(dpkg-query --show --showformat '${Package}\n' '*blip*' 2>/dev/null || true)
[[ -z $left ]] || apt-get -qq purge -y --autoremove $left
dpkg --get-selections | sort >/work/selections-before
END

if [[ -n $has_debs ]]; then
  inside "the packages install, and the program works" <<'END'
apt-get -qq install -y --no-install-recommends ./debs/blip_*.deb ./debs/blip-models_*.deb
echo "> $(blip --version)"
cd /
caption=$(blip caption --beams 3 /work/examples/photos/skateboarder.jpg)
echo "> $caption"
[[ $caption == "a skateboarder does a trick on a ramp" ]]
blip inspect nano-captioning | grep -q /usr/share/blip/models
test -s /usr/share/man/man1/blip-caption.1* -o -n "$(dpkg -L blip | grep man1/blip-caption.1)"
ldd "$(command -v blip)" | { ! grep "not found"; }
END
  inside "they are removed cleanly" <<'END'
dpkg -L blip blip-models | sort -u >/work/files
apt-get -qq purge -y --autoremove blip blip-models
left=$(while read -r path; do [[ -f $path || -L $path ]] && echo "$path"; done </work/files || true)
[[ -z $left ]] || { echo "left behind: $left"; exit 1; }
[[ ! -e /usr/share/blip && ! -e /usr/share/doc/blip ]]
! dpkg --get-selections | grep blip
dpkg --get-selections | sort | diff /work/selections-before -
END
  inside "CMake, pkg-config and C consumers" <<'END'
apt-get -qq install -y --no-install-recommends g++ cmake ninja-build pkg-config \
  ./debs/libblip-c1_*.deb ./debs/libblip-dev_*.deb ./debs/blip-models_*.deb
photo=/work/examples/photos/skateboarder.jpg
cmake -S consumer -B consumer/build -G Ninja -DCMAKE_BUILD_TYPE=Release -DEXAMPLE=/work/examples/caption.cpp
cmake --build consumer/build
echo "> $(consumer/build/consumer nano-captioning $photo)"
g++ -std=c++20 examples/caption.cpp $(pkg-config --static --cflags --libs blip) -o caption-cpp
[[ $(./caption-cpp nano-captioning $photo) == $(consumer/build/consumer nano-captioning $photo) ]]
gcc -std=c11 examples/c/caption.c $(pkg-config --cflags --libs blip_c) -o caption-c
echo "> $(./caption-c nano-captioning $photo | head -n 1)"
apt-get -qq purge -y libblip-dev libblip-c1 blip-models
END
else
  echo "$suite: no packages in $debs, which are left out"
fi

if [[ -n $has_wheels ]]; then
  inside "the wheel, with nothing but Python" <<'END'
apt-get -qq install -y --no-install-recommends python3-venv >/dev/null
python3 -m venv /work/venv
version=$(python3 -c 'import sys; print("%d%d" % sys.version_info[:2])')
echo "> Python $version"
END
  # Numpy comes from here: the new system need not reach a package index.
  version=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  python3 -m pip download --quiet --only-binary :all: --python-version "$version" --dest "$root/work/wheels" \
    numpy pillow pytest tqdm fsspec
  inside "the package's tests" <<'END'
venv/bin/pip install --quiet --no-index --find-links wheels blip-cpp blip-cpp-models pytest pillow tqdm fsspec
cd /work/checkout/bindings/python/tests
/work/venv/bin/python -m pytest -q -p no:cacheprovider test_package.py test_streaming.py test_options.py >/work/pytest || { cat /work/pytest; exit 1; }
echo "> $(tail -n 1 /work/pytest)"
cd /
/work/venv/bin/python -c '
from blip_cpp import pipeline
print(">", pipeline("image-to-text")("/work/examples/photos/skateboarder.jpg", num_beams=3))'
END
fi
echo "$passed passed, 0 failed"
