"""Makes a random-weight DALL-E of one size: dalle_model.py SIZE DIRECTORY [PHOTO…], which it has no use for.

In DIRECTORY: dalle/ as `blip convert` writes it, and inputs.json with a prompt's token ids."""

import json
import pathlib
import sys

import stamps

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "reference"))
import dalle_models  # noqa: E402

SEED = 17
SIZES = {"dalle-small": dalle_models.SMALL, "dalle-mini": dalle_models.MINI}
SOURCES = [HERE / "dalle_model.py", HERE.parent / "reference/dalle_models.py",
           pathlib.Path(dalle_models.dalle_bart_decoder.__file__)]
# A start, ten words, an end: the ids of every size's vocabulary.
PROMPT = [0, *range(5, 45, 4), 2]


def main():
    size, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    with stamps.made_once(directory, size, [], SOURCES) as wanted:
        if wanted:
            dalle_models.Oracle(SIZES[size], fill="random", seed=SEED).save(directory / "dalle")
            (directory / "inputs.json").write_text(json.dumps({"photos": [], "prompt": PROMPT}))


if __name__ == "__main__":
    main()
