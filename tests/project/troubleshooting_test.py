"""The messages that docs/troubleshooting.md quotes are in the sources: troubleshooting_test.py ROOT

A quoted message stands in backquotes in the first column of a table, under the head `message`. A … in it
stands for what differs. The parts between are looked for in the string literals of src/.
"""

import pathlib
import re
import sys

SHORTEST = 8  # characters of a part that is looked for; shorter ones are anywhere


def messages(page):
    """(section, message) of every table whose first column is `message`."""
    section, in_table = "", False
    for line in page.splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            in_table = False
        elif cells[0] == "message":
            in_table = True
        elif in_table:
            for message in re.findall(r"`([^`]+)`", cells[0]):
                yield section, message


def literals(root):
    """The text of all string literals of src/; what the compiler joins is joined."""
    text = ""
    for path in sorted((root / "src").rglob("*.[ch]pp")):
        source = re.sub(r'"\s*\n\s*"', "", path.read_text())
        text += "\n".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', source)) + "\n"
    return text.replace('\\"', '"').replace("\\n", "\n")


def main():
    root = pathlib.Path(sys.argv[1])
    known = literals(root)
    checked = 0
    for section, message in messages((root / "docs" / "troubleshooting.md").read_text()):
        if section == "Building":  # those are CMake's
            continue
        # Marks split as well: what follows one is often put together from several literals.
        parts = [part.strip() for part in re.split(r"""[…;:'"()\[\]]""", message)]
        parts = [part for part in parts if len(part) >= SHORTEST]
        for part in parts:
            if part not in known:
                sys.exit(f"docs/troubleshooting.md, {section}: no message has {part!r}")
        checked += bool(parts)
    if checked < 30:
        sys.exit(f"docs/troubleshooting.md: only {checked} messages found")
    print(f"docs/troubleshooting.md: {checked} messages are in the sources")


main()
