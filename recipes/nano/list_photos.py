"""Lists photos for label_photos.py: from each directory all, or as many as asked, chosen by the hash of their names.

usage: list_photos.py NAME=DIRECTORY[@COUNT]... > LIST.jsonl

A line is {"key", "path", "source", "file", "folder"}: key is NAME and the file's stem, folder the name of the directory that the photo
lies in. COUNT is for each such directory, so that "imagenette=train@300" takes 300 of each class.
"""
import collections
import hashlib
import json
import pathlib
import sys

SUFFIXES = {".jpg", ".jpeg", ".png"}


def main():
    keys = set()
    for argument in sys.argv[1:]:
        name, _, rest = argument.partition("=")
        directory, _, count = rest.partition("@")
        folders = collections.defaultdict(list)
        for path in sorted(pathlib.Path(directory).rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                folders[path.parent].append(path)
        for folder, paths in sorted(folders.items()):
            if count:
                paths = sorted(paths, key=lambda path: hashlib.sha1(path.name.encode()).digest())[:int(count)]
            for path in paths:
                key = f"{name}-{path.stem}".replace(".", "-").replace(" ", "-")
                if key in keys:
                    sys.exit(f"two photos would be called {key}")
                keys.add(key)
                print(json.dumps({"key": key, "path": str(path), "source": name, "file": path.name, "folder": folder.name}))


if __name__ == "__main__":
    main()
