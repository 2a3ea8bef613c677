"""What tools/training_scaling.py prints: training_scaling_test.py TOOL BLIP_TRAIN PHOTOS MODEL"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile


def run(tool, program, model, data):
    return subprocess.run(
        [sys.executable, tool, program, "-m", model, "--data", data, "--batch", "1", "--steps", "5", "--rounds", "1",
         "--set", "model.image_size=32"],
        capture_output=True, text=True, timeout=300, check=False)


def main():
    tool, program, photos, model = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        data = pathlib.Path(work, "captions.json")
        data.write_text(json.dumps([{"image": str(photo), "caption": "a photo"}
                                    for photo in sorted(pathlib.Path(photos).glob("*.jpg"))]))
        works = run(tool, program, model, data)
        assert works.returncode == 0, works.stderr
        rates = re.findall(r"^(\d) process(?:es)?: ([\d.]+) samples/s, ([\d.]+) times 1's ", works.stdout, re.MULTILINE)
        assert [rate[0] for rate in rates] == ["1", "2"], works.stdout
        assert all(float(rate[1]) > 0 for rate in rates) and rates[0][2] == "1.00", works.stdout

        # What the program says of its failure is passed on, and nobody waits for the other process.
        fails = run(tool, program, work + "/missing", data)
        assert fails.returncode != 0 and "missing" in fails.stderr, fails
        assert not fails.stdout, fails.stdout


main()
