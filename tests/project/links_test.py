"""Links and paths in the pages exist: links_test.py ROOT

Checked are links to files and headings in README.md, CONTRIBUTING.md, CHANGELOG.md, docs/ and the models'
cards, and the paths from the root that stand in backquotes.
"""

import pathlib
import re
import sys

TOP = "src|tests|tools|docs|recipes|examples|include|models|cmake|bench|fuzz"


def text_of(page):
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.S)


def anchors(page):
    """GitHub's names of the headings."""
    for heading in re.findall(r"^#+ (.*)$", text_of(page), re.M):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def problems(root, page):
    text = text_of(page)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            yield f"{link}: no such file"
        elif anchor and anchor not in anchors(target):
            yield f"{link}: no such heading"
    if page.name == "CHANGELOG.md":  # its paths may be those of an earlier version
        return
    for path in re.findall(rf"`((?:{TOP})/[\w./-]+)`", text):
        if not (root / path).exists():
            yield f"`{path}`: no such path"


def main():
    root = pathlib.Path(sys.argv[1])
    pages = [root / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    pages += sorted((root / "docs").glob("*.md")) + sorted((root / "models").glob("*/README.md"))
    found = [f"{page.relative_to(root)}: {problem}" for page in pages for problem in problems(root, page)]
    if found:
        sys.exit("\n".join(found))
    print(f"{len(pages)} pages: every link and path exists")


main()
