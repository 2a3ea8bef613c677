"""What the calls of leak_program.py leave behind, by LeakSanitizer, which comes with gcc, and by nanobind's own list.

LeakSanitizer sees every allocation of the process, also of code that is not built for it. Only stacks with our
module in them count: the interpreter and numpy keep things for ever.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

PROGRAM = Path(__file__).parent / "leak_program.py"
CALLS = 8


def sanitizer():
    """AddressSanitizer's library, or None."""
    try:
        found = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    path = Path(found.stdout.strip())
    return path.resolve() if path.is_absolute() and path.exists() else None


def leaks(report):
    """The stacks of LeakSanitizer's report that have our module in them and left a piece at most of the calls. At all of
    them would miss some: a register or freed memory still points to the last. What is made once and kept is no leak."""
    found = []
    for each in re.split(r"\n(?=(?:Direct|Indirect) leak of )", report)[1:]:
        pieces = int(re.match(r"\w+ leak of \d+ byte\(s\) in (\d+) object", each).group(1))
        stack = each.split("\n\n")[0]
        if "_blip_cpp" in stack and pieces >= CALLS // 2:
            found.append(stack)
    return found


def run(program, *arguments, library):
    options = {"ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=0:malloc_context_size=30:exitcode=0",
               "LSAN_OPTIONS": f"suppressions={ROOT / 'tests/leak_suppressions.txt'}:print_suppressions=0"}
    done = subprocess.run([sys.executable, "-X", "dev", *program, *arguments], cwd=PROGRAM.parent, capture_output=True,
                          text=True, timeout=900,
                          env={**os.environ, **options, "PYTHONMALLOC": "malloc",
                               # Which finds what throws exceptions only if that is there from the start.
                               "LD_PRELOAD": f"{library} libstdc++.so.6"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def library():
    return sanitizer() or pytest.skip("no AddressSanitizer of gcc")


def test_the_check_sees_leaks(library):
    """Of arrays that nobody lets go of."""
    program = f"""
import ctypes, numpy
from blip_cpp import BlipProcessor
processor = BlipProcessor.from_pretrained({str(ROOT / "tests/models/nano")!r})
for _ in range({CALLS}):
    made = processor(images=numpy.zeros((9, 9, 3), numpy.uint8), return_tensors="np")["pixel_values"]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
"""
    done = run(["-c", program], library=library)
    assert leaks(done.stderr), done.stderr


def test_nothing_is_left(library):
    done = run([str(PROGRAM)], str(CALLS), library=library)
    assert "done" in done.stdout, done.stderr
    assert "nanobind: leaked" not in done.stderr, done.stderr
    found = leaks(done.stderr)
    assert not found, "\n\n".join(found)
