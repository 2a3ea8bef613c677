"""A describer whose process is killed in the midst of its work: once in a run, however many workers there are."""

import os
import signal

from blip_cpp import ImageDescriber


class MortalDescriber(ImageDescriber):
    """marker: a file that does not exist yet; whoever makes it dies, when it has described `lives` batches."""

    def __init__(self, marker, *arguments, lives=1, **keywords):
        super().__init__(*arguments, **keywords)
        self.marker, self.lives = str(marker), lives

    def __reduce__(self):
        return _mortal, (self.marker, self._arguments, self.lives)

    def __call__(self, pictures):
        found = super().__call__(pictures)
        self.lives -= 1
        if self.lives <= 0:
            try:
                os.close(os.open(self.marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return found
            os.kill(os.getpid(), signal.SIGKILL)
        return found


def _mortal(marker, arguments, lives):
    return MortalDescriber(marker, *arguments, lives=lives)
