"""A number by which copies of a photo are found, whatever their size and compression."""
import numpy
from PIL import Image


def difference_hash(image):
    """Whether brightness rises from place to place, by rows and by columns: 128 bits as 32 hexadecimal digits."""
    grey = image.convert("L")
    rows = numpy.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=numpy.int16)
    columns = numpy.asarray(grey.resize((8, 9), Image.Resampling.BOX), dtype=numpy.int16)
    bits = numpy.concatenate([(rows[:, 1:] > rows[:, :-1]).ravel(), (columns[1:] > columns[:-1]).ravel()])
    return numpy.packbits(bits).tobytes().hex()
