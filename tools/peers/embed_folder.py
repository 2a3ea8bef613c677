"""A folder, or one photo, embedded by open_clip: embed_folder.py MODEL FOLDER THREADS

PyTorch's loader prepares photos in as many processes as there are threads while the model works on a
batch, as open_clip's own examples do. Prints a JSON object a photo, in the order of the names.
"""

import json
import pathlib
import sys

import torch
from PIL import Image

from clip_runners import open_clip_model

BATCH = 32


class Photos(torch.utils.data.Dataset):
    def __init__(self, paths, preprocess):
        self.paths, self.preprocess = paths, preprocess

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with Image.open(self.paths[index]) as image:
            return self.preprocess(image.convert("RGB"))


def main():
    directory, asked, threads = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(int(threads))
    model, preprocess = open_clip_model(directory)
    paths = sorted(asked.iterdir()) if asked.is_dir() else [asked]
    loader = torch.utils.data.DataLoader(Photos(paths, preprocess), batch_size=BATCH,
                                         num_workers=int(threads))
    with torch.inference_mode():
        embeddings = (row for pixels in loader
                      for row in model.encode_image(pixels, normalize=True).tolist())
        for path, embedding in zip(paths, embeddings):
            print(json.dumps({"path": str(path), "embedding": embedding}))


if __name__ == "__main__":
    main()
