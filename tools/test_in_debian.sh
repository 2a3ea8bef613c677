#!/bin/bash
# `make demo` and `make test` on a Debian that has nothing yet: as root,
#   tools/test_in_debian.sh SUITE [DIRECTORY]
# SUITE is bookworm (12), trixie (13), …. DIRECTORY (default /var/tmp/blip-SUITE) receives the system
# and the log; if it already holds a system, that one is used. MIRROR overrides the mirror, TARGETS
# the make targets.
set -euo pipefail
suite=$1
root=${2:-/var/tmp/blip-$suite}
mirror=${MIRROR:-http://deb.debian.org/debian}
cd "$(dirname "$0")/.."

if [[ ! -x $root/bin/bash ]]; then
  debootstrap --variant=minbase "$suite" "$root" "$mirror"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"

# Beside the sources, a stranger has make, with which the rest begins.
rm -rf "$root/blip"
mkdir "$root/blip"
if [[ -d .git ]]; then
  git ls-files -z --cached --others --exclude-standard
else
  find . -path ./build -prune -o -path ./.venv -prune -o -type f -print0
fi | xargs -0 sh -c 'for file; do test ! -e "$file" || printf "%s\0" "$file"; done' sh |
  tar --create --null --files-from=- | tar --extract --directory "$root/blip"

cleanup() {
  umount -R "$root/proc" "$root/dev" 2>/dev/null || true
}
trap cleanup EXIT
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
chroot "$root" /bin/bash -euo pipefail -c "
  export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends make >/dev/null
  cd /blip
  for target in ${TARGETS:-demo test}; do make \$target; done
" </dev/null 2>&1 | tee "$root/log"
