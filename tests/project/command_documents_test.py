"""Man pages and completions have every command and option of the program, and their readers accept
them.

    command_documents_test.py GENERATOR BLIP
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

generator, program = sys.argv[1:]


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True)


def completions(script, words):
    """What bash offers for the last of the words."""
    command = (f"source {script}; COMP_WORDS=({' '.join(map(repr, words))}); "
               f"COMP_CWORD={len(words) - 1}; _blip; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return output_of("bash", "-c", command).stdout.split()


with tempfile.TemporaryDirectory() as scratch:
    documents = Path(scratch)
    output_of(sys.executable, generator, program, scratch)

    names = re.findall(r"^  ([a-z]+) {2,}", output_of(program, "--help").stdout, re.M)
    assert len(names) > 10, names
    for name in names:
        page = documents / f"man1/blip-{name}.1"
        text = page.read_text().replace("\\-", "-")
        for option in re.findall(r"^  (?:-\w, |    )(--[\w-]+)", output_of(program, name, "--help").stdout,
                                 re.M):
            assert option in text, f"{page.name} lacks {option}"
            assert option in completions(documents / "bash/blip", ["blip", name, option]), (name, option)
            assert f"-l {option[2:]} " in (documents / "fish/blip.fish").read_text() or option == "--help"
    caption = (documents / "man1/blip-caption.1").read_text()
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"):
        assert f".SH {section}" in caption, section

    bash = documents / "bash/blip"
    assert completions(bash, ["blip", "capt"]) == ["caption"]
    assert "caption" in completions(bash, ["blip", "eval", "ca"])
    assert "--references" in completions(bash, ["blip", "eval", "caption", "--refer"])

    # Only what is installed can be asked.
    if shutil.which("man"):
        for page in (documents / "man1").iterdir():
            complaints = output_of("man", "--warnings", "-l", str(page)).stderr
            assert not complaints, (page.name, complaints)
    for shell, file in (("zsh", "zsh/_blip"), ("fish", "fish/blip.fish"), ("bash", "bash/blip")):
        if shutil.which(shell):
            output_of(shell, "-n", str(documents / file))
