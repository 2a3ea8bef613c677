"""Links of the built site lead somewhere: check_links.py SITE

What MkDocs does not see is checked in the HTML itself: pages, pictures, scripts and places within pages, also those
that were made. Of other hosts, no page may fetch anything.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.fetched = [], set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        for name in ("id", "name"):
            if values.get(name):
                self.anchors.add(values[name])
        for name in ("href", "src"):
            if values.get(name):
                self.links.append(values[name])
                if tag in ("script", "img") or (tag == "link" and values.get("rel") == "stylesheet"):
                    self.fetched.append(values[name])


def problems(site):
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":  # its links are from the root of a server
            continue
        name = path.relative_to(site.resolve())
        for link in page.fetched:
            if urlsplit(link).netloc:
                yield f"{name}: fetches {link}"
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                yield f"{name}: {link} leads nowhere"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: {link} has no such place"


def main():
    site = Path(sys.argv[1])
    found = sorted(set(problems(site)))
    if found:
        sys.exit("\n".join(found))
    print(f"{len(list(site.rglob('*.html')))} pages: every link leads somewhere, and nothing is fetched from other hosts")


main()
