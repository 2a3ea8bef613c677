"""A photo library to be served: a folder of photos, and its index, which is made again while photos come and go."""

import asyncio
import subprocess
from pathlib import Path

PHOTOS = 60


class Library:
    """`place` holds the folder and the index; `photos` are JPEG files."""

    def __init__(self, program, place, photos):
        self.photos, self.made = photos, 0
        self.folder, self.index = Path(place) / "photos", Path(place) / "library.db"
        self.folder.mkdir()
        self.command = [program, "index", str(self.folder), "--tags", "--thumbnails", "--threads", "1", "-q", "--index", str(self.index)]
        for _ in range(PHOTOS):
            self._add()
        subprocess.run(self.command, check=True)

    def _add(self):
        # Bytes behind the end of a JPEG file are not looked at: it is another file, and the same picture.
        content = self.photos[self.made % len(self.photos)] + self.made.to_bytes(4, "big")
        (self.folder / f"photo-{self.made}.jpg").write_bytes(content)
        self.made += 1

    async def change(self):
        """One photo goes, one comes, one is moved, and the index learns of it. → what went wrong, or nothing"""
        oldest, moved, *_ = sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime)
        oldest.unlink()
        moved.rename(moved.with_name("moved-" + moved.name))
        self._add()
        process = await asyncio.create_subprocess_exec(*self.command, stderr=subprocess.PIPE)
        _, said = await process.communicate()
        return f"exit code {process.returncode}: {said.decode()[-200:]}" if process.returncode else ""
