"""The wheel blip-cpp-models: the bundled models, where the library of blip-cpp finds them.

    models.py MODELS OUTPUT

It holds no code. It is written here, not by a build system, so that its bytes depend on those of the models alone.
"""

import base64
import hashlib
import pathlib
import re
import sys
import zipfile

TIME = (1980, 1, 1, 0, 0, 0)
ROOT = pathlib.Path(__file__).resolve().parents[2]


def version():
    text = (ROOT / "include/blip/version.hpp").read_text()
    return ".".join(re.search(rf"BLIP_VERSION_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR", "PATCH"))


def main():
    models, output = map(pathlib.Path, sys.argv[1:])
    name = f"blip_cpp_models-{version()}"
    records = []
    output.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output / f"{name}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:

        def add(path, data):
            entry = zipfile.ZipInfo(path, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            records.append(f"{path},sha256={digest},{len(data)}")

        for file in sorted(each for each in models.rglob("*") if each.is_file()):
            add(f"blip_cpp/models/{file.relative_to(models).as_posix()}", file.read_bytes())
        info = f"{name}.dist-info"
        add(f"{info}/METADATA", (f"Metadata-Version: 2.1\nName: blip-cpp-models\nVersion: {version()}\n"
                                 "Summary: The small models that come with blip.cpp\nLicense: BSD-3-Clause\n"
                                 f"Requires-Dist: blip-cpp=={version()}\n").encode())
        add(f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: blip.cpp\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD", TIME), "\n".join([*records, f"{info}/RECORD,,", ""]))


main()
