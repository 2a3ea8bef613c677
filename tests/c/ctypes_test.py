"""The interface of blip.h from another language, by nothing but its foreign function interface.

    ctypes_test.py LIBRARY MODEL PHOTO BLIP

The caption is that of `BLIP caption`.
"""

import ctypes
import subprocess
import sys

library, model_name, photo, program = sys.argv[1:]
blip = ctypes.CDLL(library)
blip.blip_error_message.restype = ctypes.c_char_p
blip.blip_version.restype = ctypes.c_char_p
blip.blip_texts_get.restype = ctypes.c_char_p
blip.blip_texts_get.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

error = ctypes.c_void_p()


def made(function, *arguments):
    """The handle that a function makes: its last argument but the error."""
    handle = ctypes.c_void_p()
    status = function(*arguments, ctypes.byref(handle), ctypes.byref(error))
    if status != 0:
        sys.exit(f"status {status}: {blip.blip_error_message(error).decode()}")
    return handle


model = made(blip.blip_model_open, model_name.encode(), None)
context = made(blip.blip_context_new, None)
image = made(blip.blip_image_open, photo.encode(), None)
encoded = made(blip.blip_encode_image, model, image, context)
captions = made(blip.blip_caption, model, encoded, None, None, context)
caption = blip.blip_texts_get(captions, 0).decode()

expected = subprocess.run([program, "caption", "-m", model_name, photo], capture_output=True, text=True,
                          check=True).stdout.strip()
print(f"{blip.blip_version().decode()}: {caption!r}, the program: {expected!r}")
for free, handle in (("texts", captions), ("encoded_image", encoded), ("image", image),
                     ("context", context), ("model", model)):
    getattr(blip, f"blip_{free}_free")(handle)
sys.exit(caption != expected)
