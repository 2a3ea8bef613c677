"""auditwheel repair, which takes in what it would leave to the system: GLib and X11.

    repair.py AUDITWHEEL_ARGUMENTS…

manylinux lets a wheel count on libglib-2.0 and libX11 being there. A small container has neither, and libvips is built
on GLib, so that such a wheel could not be imported there. Left to the system are the C library and its relatives, the
compiler's libraries and zlib, which every system with a Python has.
"""

import json
import pathlib
import sys
import tempfile

from auditwheel import policy
from auditwheel.libc import Libc
from auditwheel.main import main

OF_THE_SYSTEM = {
    "libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libresolv.so.2", "libutil.so.1",
    "libnsl.so.1", "libanl.so.1", "libmvec.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libgcc_s.so.1",
    "libstdc++.so.6", "libz.so.1",
}


def stricter(policies):
    return [{**each, "lib_whitelist": [name for name in each["lib_whitelist"] if name in OF_THE_SYSTEM]}
            if each["name"] != "linux" else each for each in policies]


with tempfile.TemporaryDirectory() as scratch:
    file = pathlib.Path(scratch) / "policy.json"
    file.write_text(json.dumps(stricter(json.loads(policy._POLICY_JSON_MAP[Libc.GLIBC].read_text()))))
    policy._POLICY_JSON_MAP[Libc.GLIBC] = file
    sys.argv[1:] = ["repair", *sys.argv[1:]]
    sys.exit(main())
