"""What the scripts here share: the server's address, photos, and checks that end the script."""
import base64
import os
import pathlib
import sys

import requests

ROOT = pathlib.Path(__file__).resolve().parents[3]
PHOTOS = ROOT / "examples" / "photos"


def base_url():
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BASE_URL")
    return sys.argv[1].rstrip("/")


def photo(name="cat.jpg"):
    return (PHOTOS / name).read_bytes()


def base64_photo(name="cat.jpg"):
    return base64.b64encode(photo(name)).decode()


def expect(holds, *what):
    if not holds:
        print("FAILED:", *what, file=sys.stderr)
        sys.exit(1)


def expect_equal(found, wanted, about):
    expect(found == wanted, f"{about}: found {found!r}, wanted {wanted!r}")


def native(base, task, **fields):
    """The native API's answer, which is the command's."""
    response = requests.post(f"{base}/blip/v1/{task}", json=fields, timeout=120)
    expect(response.status_code == 200, task, response.status_code, response.text)
    return response.json()


def native_caption(base, name="cat.jpg", **fields):
    return native(base, "caption", image=base64_photo(name), **fields)["captions"][0]["caption"]


def done():
    print(f"{os.path.basename(sys.argv[0])}: ok")
