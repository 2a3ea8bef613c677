"""MkDocs: the pages that are made, and links that leave docs/.

Made are the start page (README.md), the reference of the commands (from the program: commands.md), of C++ (from the
headers: cpp.md) and of C (from include/blip.h). tools/site/build.sh writes those into build/site-pages/ first.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / "build/site-pages"
# Pages outside docs/ that are pages of the site, too.
PROJECT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "project/contributing.md",
                 "CHANGELOG.md": "project/changelog.md"}
PROJECT_PAGES.update({f"models/{card.parent.name}/README.md": f"project/{card.parent.name}.md"
                      for card in sorted((ROOT / "models").glob("*/README.md"))})
PICTURES = ("examples/photos", )


def on_files(files, config):
    def generated(path, source):
        files.append(File.generated(config, path, abs_src_path=str(source)))

    for source, page in PROJECT_PAGES.items():
        generated(page, ROOT / source)
    for page in sorted(MADE.rglob("*.md")):
        generated(page.relative_to(MADE).as_posix(), page)
    for folder in PICTURES:
        for picture in sorted((ROOT / folder).glob("*.jpg")):
            generated(f"{folder}/{picture.name}", picture)
    return files


def _up(page):
    return "../" * page.count("/")


def on_page_markdown(markdown, page, config, files):
    """Links are relative to where the page's source lies in the repository; here to where the page lies in the site."""
    path = page.file.src_uri
    source = next((Path(name) for name, made in PROJECT_PAGES.items() if made == path), Path("docs") / path)
    prose = re.split(r"(^```.*?^```$)", markdown, flags=re.M | re.S)

    def target(link):
        name, hash_sign, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or not name:
            return link
        resolved = posixpath.normpath((source.parent / name).as_posix())
        if resolved in PROJECT_PAGES:
            inside = PROJECT_PAGES[resolved]
        elif resolved.startswith("docs/"):
            inside = resolved.removeprefix("docs/")
        elif resolved.startswith(PICTURES) and resolved.endswith(".jpg"):
            inside = resolved
        else:
            return None  # a file of the repository: named, not linked
        return f"{_up(path)}{inside}{hash_sign}{anchor}"

    def markdown_link(match):
        text, link = match.groups()
        found = target(link)
        return f"{text}" if found is None and not match.group(0).startswith("!") else f"[{text}]({found})"

    def picture(match):
        return f'src="{target(match.group(1)) or match.group(1)}"'

    for i in range(0, len(prose), 2):
        prose[i] = re.sub(r"\[([^\]]*(?:\[[^\]]*\][^\]]*)*)\]\(([^)\s]+)\)", markdown_link, prose[i])
        prose[i] = re.sub(r'src="([^"]+)"', picture, prose[i])
    return "".join(prose)
