"""mypy --strict passes the package as it is installed and a user's program, and finds what is wrong in one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import blip_cpp
from blip_cpp import _blip_cpp

pytest.importorskip("mypy")
PROGRAM = Path(__file__).parent / "user_program.py"
CONFIGURATION = Path(__file__).parents[1] / "pyproject.toml"


def mypy(*arguments, cwd):
    return subprocess.run([sys.executable, "-m", "mypy", "--strict", f"--config-file={CONFIGURATION}",
                           "--cache-dir", str(cwd / "cache"), *map(str, arguments)],
                          cwd=cwd, capture_output=True, text=True)


def test_package(tmp_path):
    package = Path(blip_cpp.__file__).parent
    assert (package / "_blip_cpp.pyi").exists() and (package / "py.typed").exists()
    done = mypy("-p", "blip_cpp", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stub_has_what_the_module_has():
    """The stub is written by hand."""
    stub = ast.parse((Path(blip_cpp.__file__).parent / "_blip_cpp.pyi").read_text())
    named = (ast.ClassDef, ast.FunctionDef)

    def names(body):
        return {each.name for each in body if isinstance(each, named) and not each.name.startswith("_")}

    def members(thing):
        return {name for name in vars(thing) if not name.startswith("_")}

    assert names(stub.body) == members(_blip_cpp)
    for each in stub.body:
        if isinstance(each, ast.ClassDef) and each.name != "CancelledError":
            assert names(each.body) == members(getattr(_blip_cpp, each.name)), each.name


def test_user_program(tmp_path, models, photos):
    done = mypy(PROGRAM, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run([sys.executable, str(PROGRAM), models["captioning"], str(photos[0])], check=True, cwd=tmp_path,
                   capture_output=True)


def test_mistakes_are_found(tmp_path):
    program = tmp_path / "wrong.py"
    program.write_text("from blip_cpp import BlipProcessor, num_threads\n"
                       "text: int = BlipProcessor.from_pretrained('m').decode([1])\n"
                       "num_threads('2')\n"
                       "BlipProcessor.from_pretrained('m')(text=5)\n")
    done = mypy(program, cwd=tmp_path)
    assert done.stdout.count("error:") == 3, done.stdout
