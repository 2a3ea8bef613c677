"""recipes/chest-x-ray: pictures of DICOM and of 16 bits, what names patients, and the way to judged reports.

    chest_x_ray_test.py ROOT BLIP [TRAINING_BLIP]

The latter is `blip` with `train`, if that was built."""

import csv
import importlib.util
import io
import json
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile

try:
    import numpy as np
    import pydicom
    from PIL import Image
except ImportError as error:
    print(f"{error.name} is not installed", file=sys.stderr)
    sys.exit(77)

ROOT, BLIP = pathlib.Path(sys.argv[1]), sys.argv[2]
RECIPE = ROOT / "recipes/chest-x-ray"


def module(name):
    specification = importlib.util.spec_from_file_location(name, RECIPE / f"{name}.py")
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


prepare, synthetic = module("prepare"), module("synthetic")


def run(*command, code=0):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    return done


def contents(shard):
    with tarfile.open(shard) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def test_texts():
    report = ("Patient: Jane Miller\nMRN: 12345678\nEXAMINATION: 01/02/2020 10:30 am\nFINDINGS: Heart size is normal. Seen by "
              "Dr. Ada Okafor on March 3, 2021.\n2.5 cm nodule; call 5551234 or a@b.org. XXXX.\nIMPRESSION: Nodule.")
    found = prepare.caption_of(report, "findings")
    assert found == "heart size is normal. seen by on. 2.5 cm nodule; call or.", found
    assert prepare.caption_of(report, "impression") == "nodule."
    everything = prepare.caption_of(report, "all")
    for word in ("miller", "okafor", "ada", "12345678", "2020", "2021", "5551234", "b.org", "xxxx"):
        assert word not in everything, everything
    assert prepare.caption_of("No effusion.", "findings") == "no effusion."
    for personal, left in (("Dictated by: John A. Smith\nNo effusion", "no effusion"), ("seen by Dr. J. Smith", "seen by"),
                           ("seen by dr. smith on call", "seen by on call"), ("Dr. \u00d6zil", ""), ("on 12 March 2020", "on"),
                           ("a 45 years old man", "a man"), ("45 y/o man", "man"), ("aged 45", ""), ("study CR1234567", "study")):
        assert prepare.caption_of(personal, "all") == left, (personal, prepare.caption_of(personal, "all"))
    for finding in ("nodule has decreased 3 mm", "marked 2 cm mass", "septal 11 mm", "the 7 mm nodule"):
        assert prepare.caption_of(finding, "all") == finding, prepare.caption_of(finding, "all")


def test_pixels(folder):
    """One drawing, in every form, is one picture."""
    nothing = dict.fromkeys(synthetic.SENTENCES, False)
    grey = synthetic.drawing(nothing, "left", random.Random(3))
    for number in range(6):
        synthetic.write_dicom(folder / f"{number}.dcm", grey, "Jane Miller", random.Random(number))
    Image.fromarray(np.rint(grey * 65535).astype(np.uint16)).save(folder / "deep.png")
    Image.fromarray(np.rint(grey * 255).astype(np.uint8)).save(folder / "flat.png")
    kinds = {pydicom.dcmread(folder / f"{number}.dcm").PhotometricInterpretation for number in range(6)}
    assert kinds == {"MONOCHROME1", "MONOCHROME2"}
    for path in sorted(folder.iterdir()):
        pixels = (prepare.pixels_of_dicom(path, None, False) if path.suffix == ".dcm" else prepare.pixels_of_picture(path, None))
        assert pixels.min() >= 0 and pixels.max() <= 255 and np.ptp(pixels) > 150, path
        assert np.corrcoef(pixels.ravel(), grey.ravel())[0, 1] > 0.999, path
    # A window keeps what lies in it apart, and nothing else.
    narrow = prepare.windowed(np.array([0.0, 99.5, 100.0, 100.5, 200.0]), 100.5, 2)
    assert narrow.tolist() == [0, 0, 127.5, 255, 255], narrow


def test_shards(folder):
    drawings = folder / "drawings"
    run(sys.executable, RECIPE / "synthetic.py", drawings, "--count", 40)
    with open(drawings / "reports.csv", "a", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["missing.dcm", "p99", "FINDINGS: no effusion."])
        rows.writerow(["burned.dcm", "p99", "FINDINGS: no effusion."])
        rows.writerow(["00001.dcm", "p99", "IMPRESSION: none."])
        (drawings / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 64)
        rows.writerow(["broken.dcm", "p99", "FINDINGS: no effusion."])
        rows.writerow(["short.dcm"])
    burned = pydicom.dcmread(drawings / "00001.dcm")
    burned.BurnedInAnnotation = "YES"
    burned.save_as(drawings / "burned.dcm")
    done = run(sys.executable, RECIPE / "prepare.py", drawings / "reports.csv", folder / "data", "--size", 64, code=1)
    assert "5 failed" in done.stdout, done.stdout
    for said in ("missing.dcm", "burned into", "no text under findings", "broken.dcm", "row 46: has no image"):
        assert said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    reports = {}
    for split in ("train", "validation"):
        for name, content in contents(folder / "data" / f"{split}-000000.tar").items():
            assert not any(word in content.lower() for word in (b"miller", b"smith", b"okafor", b"patient")), name
            if name.endswith(".png"):
                picture = Image.open(io.BytesIO(content))
                assert picture.size == (64, 64) and picture.mode == "RGB" and not picture.info, picture.info
            else:
                reports[name] = (split, json.loads(content)["captions"][0])
    assert len(reports) == 40 and {split for split, _ in reports.values()} == {"train", "validation"}
    words = set((RECIPE / "vocab.txt").read_text().split())
    assert all(set(text.replace(".", " . ").split()) <= words for _, text in reports.values())


def test_judging(folder, training_blip):
    """The reports themselves are right about everything; a model that has hardly learnt is judged, too."""
    references = [{"path": name, "captions": [json.loads(content)["captions"][0]]}
                  for name, content in contents(folder / "data/validation-000000.tar").items() if name.endswith(".json")]
    (folder / "references.json").write_text(json.dumps(references))
    same = [{"path": each["path"], "caption": each["captions"][0]} for each in references]
    (folder / "results.json").write_text(json.dumps(same))
    judged = run(BLIP, "eval", "report", "--results", folder / "results.json", "--references", folder / "references.json",
                 "--format", "json")
    assert "no medical device" in judged.stderr
    scores = json.loads(judged.stdout)
    assert scores["findings_f1"] == 1 and scores["contradictions"] == 0 and "no medical device" in scores["warning"]
    if training_blip is None:
        return
    run(training_blip, "train", "caption", "--config", RECIPE / "synthetic.json", "--set", "run.max_steps=2", "--set", "data.batch=4",
        "--set", f"architecture.vocabulary={RECIPE}/vocab.txt", "--set", "model.image_size=64", "--data", folder / "data/train-000000.tar",
        "--output", folder / "run")
    judged = run(BLIP, "eval", "report", "-m", folder / "run/model", "--data", folder / "data/validation-000000.tar", "--format", "json")
    assert json.loads(judged.stdout)["images"] == len(references)


def main():
    test_texts()
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        (folder / "forms").mkdir()
        test_pixels(folder / "forms")
        test_shards(folder)
        test_judging(folder, sys.argv[3] if len(sys.argv) > 3 else None)


if __name__ == "__main__":
    main()
