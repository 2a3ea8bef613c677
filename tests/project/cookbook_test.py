"""The tasks of docs/cookbook.md work, and print what the page shows: cookbook_test.py ROOT BLIP [PYTHON]

Each task runs in a folder of its own with the photos. Commands are run by bash with BLIP first on the path; Python by
PYTHON, which has blip_cpp, if it is given.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TASKS = 30
MOST_LINES = 10


def tasks(page):
    """[(title, language, code, what is printed or None)]"""
    for section in re.split(r"^### ", page.read_text(), flags=re.M)[1:]:
        title = section.split("\n", 1)[0]
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)
        language, code = blocks[0]
        shown = blocks[1][1] if len(blocks) > 1 and blocks[1][0] == "text" else None
        yield title, language, code, shown


def run(language, code, folder, python):
    if language == "python":
        return subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True)
    return subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


def problem(task, root, python):
    title, language, code, shown = task
    if code.count("\n") > MOST_LINES:
        return f"{title}: more than {MOST_LINES} lines"
    if language == "python" and python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root / "examples/photos", Path(folder) / "photos", ignore=shutil.ignore_patterns("*.md"))
        done = run(language, code, folder, python)
    if done.returncode != 0:
        return f"{title}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    if shown is not None and done.stdout != shown:
        return f"{title} prints\n{done.stdout}and the page shows\n{shown}"
    return f"{title} prints nothing" if language == "python" and not done.stdout else None


def main():
    root, blip = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    # Not resolved: the interpreter of a virtual environment is a link.
    python = Path(sys.argv[3]).absolute() if len(sys.argv) > 3 else None
    for name in [name for name in os.environ if name.startswith("BLIP_")]:
        del os.environ[name]
    os.environ["BLIP_THREADS"] = "1"  # small models; tests run side by side
    os.environ["PATH"] = f"{blip.parent}:{os.environ['PATH']}"
    found = list(tasks(root / "docs/cookbook.md"))
    numbers = [int(title.split(".")[0]) for title, *_ in found]
    problems = [] if numbers == list(range(1, TASKS + 1)) else [f"the tasks are numbered {numbers}"]
    problems += filter(None, (problem(task, root, python) for task in found))
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(found)} tasks work" + ("" if python else "; those in Python were left out"))


main()
