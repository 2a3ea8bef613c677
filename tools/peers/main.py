"""blip.cpp against transformers, open_clip, min-dalle, ONNX Runtime and OpenVINO on the same random-weight models, in turns:
`make bench-peers`. Writes the table of docs/performance.md and its plot; exits with 1 if an output
that must agree does not."""

import argparse
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy

import check
import machine
import measure
import photos
import report
import workload

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CALIBRATION_PHOTOS = 8
# The part of the machine that other programs may take before it is worth a warning.
BUSY = 0.05


def say(line):
    print(line, file=sys.stderr, flush=True)


def command_line():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release",
                        help="where bin/blip and bench/timed_requests are")
    parser.add_argument("--blip", type=pathlib.Path, help="the program, if it is elsewhere")
    parser.add_argument("--sizes", nargs="+", default=["base", "large", "clip-b32", "clip-l14"],
                        choices=list(workload.FAMILY_OF_SIZE))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these requests: "
                        + " ".join(request.name for request in workload.REQUESTS),
                        choices=[request.name for request in workload.REQUESTS])
    parser.add_argument("--without", nargs="+", metavar="WORD", default=[],
                        help="leave out contenders with one of these words in their names")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=machine.cores())
    parser.add_argument("--photos", type=int, help="in the folder [500, for CLIP 1,000]")
    parser.add_argument("--work", type=pathlib.Path, help="models, photos, results [build/peers]")
    parser.add_argument("--report", type=pathlib.Path, help="what to write into, made if it is not there [docs/performance.md]")
    parser.add_argument("--quick", action="store_true",
                        help="a tiny model, one round and a few small photos, to see that it works; "
                        "the report goes to the work directory")
    options = parser.parse_args()
    work = ROOT / ("build/peers-quick" if options.quick else "build/peers")
    options.work = (options.work or work).resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    options.blip = (options.blip or options.build / "bin/blip").resolve()
    options.timed_requests = (options.build / "bench/timed_requests").resolve()
    docs = ROOT / "docs/performance.md"
    if options.quick:
        tiny = [size for size in options.sizes if size.endswith("tiny")]
        options.sizes, options.rounds, options.photos = tiny or ["tiny", "clip-tiny"], 1, 24
        options.without.append("compiled")  # which takes a minute of every request
    options.report = options.report or (options.work / docs.name if options.quick else docs)
    if not options.report.exists():  # now, rather than hours later, if it cannot be
        options.report.write_text(docs.read_text())
    return options


def prepare(options, size):
    """→ the folder of photos to caption, the directory of the models"""
    family = workload.FAMILY_OF_SIZE[size]
    clip = family == "clip"

    def make_photos(count, folder, largest=1 if options.quick else photos.MEGAPIXELS[-1]):
        return photos.make_photos(count, ROOT / "examples/photos", folder, largest)

    directory, log = options.work / size, options.work / f"models-{size}.log"
    say(f"{size}: models in {directory}")
    asked = make_photos(workload.PHOTOS_IN_BATCH + CALIBRATION_PHOTOS,
                        options.work / "photos/asked")
    with open(log, "w") as output:  # the exporters are talkative
        maker = HERE / {"clip": "clip_models.py", "dalle": "dalle_model.py", "blip": "models.py"}[family]
        done = subprocess.run([sys.executable, maker, size, directory, *asked],
                              stdout=output, stderr=subprocess.STDOUT,
                              env={**os.environ, **measure.ENVIRONMENT})
    if done.returncode != 0:
        sys.exit(f"the models cannot be made, see {log}:\n{log.read_text()[-2000:]}")
    count = options.photos or (1000 if clip else 500)
    folder = options.work / ("small-photos" if clip else "photos") / str(count)
    if family != "dalle" and (not options.only or {"folder", "embed"} & set(options.only)):
        make_photos(count, folder, **({"largest": photos.MEGAPIXELS[0]} if clip else {}))
    return folder, directory


def converted(options, model):
    """→ the directory of the model in int8, made anew"""
    directory = model.with_name(model.name + "-int8")
    subprocess.run([options.blip, "convert", model, directory, "--dtype", "int8", "--force"],
                   check=True, stdout=subprocess.DEVNULL)
    return directory


def program(options, contender, model, what):
    """What a user would start to caption `what`, a photo or a folder, or to embed a folder."""
    threads, tokens = options.threads, workload.TOKENS
    if contender.engine == "open_clip":
        return [sys.executable, HERE / "embed_folder.py", model, what, threads]
    if contender.engine == "blip" and model.name == "open_clip":
        command = [options.blip, "embed", what, "-m", model, "--threads", threads, "--quiet",
                   "--no-exif-rotation", "--format", "jsonl"]
        dtype = contender.variant.split("+")[0]
        return command + (["--dtype", dtype] if dtype != "f32" else [])
    if contender.engine == "blip":
        command = [options.blip, "caption", what, "-m", model, "--threads", threads, "--quiet",
                   "--no-exif-rotation", "--min-new-tokens", tokens, "--max-new-tokens", tokens]
        if contender.variant != "f32":  # which is how the checkpoint is stored
            command += ["--dtype", contender.variant.split("+")[0]]
        return command + (["--format", "jsonl"] if what.is_dir() else [])
    script = "caption_folder.py" if what.is_dir() else "caption_one.py"
    return [sys.executable, HERE / script, model, what, threads, tokens]


def make_runner(options, request, contender, folder, directory):
    inputs = json.loads((directory / "inputs.json").read_text())
    if request.kind == "process":
        model = directory / request.model
        if contender == workload.CONVERTED:
            model = converted(options, model)
        command = functools.partial(program, options, contender, model)
        one = command(pathlib.Path(inputs["photos"][0]))
        if request.name == "cold":
            return measure.Command(one, first=one)
        return measure.Command(command(folder), first=one, files=sorted(folder.iterdir()))
    place = options.work / "workers" / f"{contender.engine}-{contender.variant}"
    asked = workload.worker_request(request, contender, directory, inputs, options.threads,
                                    place / "out.f32")
    return measure.worker(contender, asked, options.timed_requests, place)


def answer_of(options, contender, reply):
    """What check.py compares."""
    if "lines" in reply and '"embedding"' in reply["lines"][0]:
        return {"array": numpy.array([json.loads(line)["embedding"] for line in reply["lines"]])}
    if "lines" in reply:
        return {"lines": [json.loads(line)["caption"] if line.startswith("{") else line
                          for line in reply["lines"]]}
    if "ids" in reply:
        return {"ids": reply["ids"]}
    place = options.work / "workers" / f"{contender.engine}-{contender.variant}"
    return {"array": check.array(place / "out.f32", reply["shape"])}


def measure_request(options, request, folder, directory):
    """→ the rows of its table, and the part of the machine that other programs took meanwhile"""
    dtypes = subprocess.run([options.timed_requests, "--dtypes"], check=True, text=True,
                            capture_output=True).stdout.split()
    contenders = [one for one in workload.contenders(request, dtypes)
                  if one == workload.reference(request)
                  or not any(word in one.name for word in options.without)]
    makers = {one.name: functools.partial(make_runner, options, request, one, folder, directory)
              for one in contenders}
    rounds = min(options.rounds, request.rounds or options.rounds)
    results, others = measure.take_turns(makers, rounds, say)
    standard = workload.reference(request)
    reference = results[standard.name]
    if "failed" in reference:
        sys.exit(f"{standard.name} failed: {reference['failed']}")
    wanted = answer_of(options, standard, reference["replies"][-1])
    rows = []
    for contender in contenders:
        result = results[contender.name]
        row = {"contender": contender.name, "exact": contender.exact}
        if "failed" in result:
            row.update(failed=result["failed"], wrong=contender == workload.OURS)
        else:
            last = result["replies"][-1]
            words, agrees = check.agreement(request.kind, answer_of(options, contender, last), wanted)
            row.update(seconds=[reply["seconds"] for reply in result["replies"]],
                       peak_bytes=last["peak_bytes"], note=result["greeting"].get("note", ""),
                       agreement=words, wrong=contender.exact and not agrees)
            say(f"  {contender.name:<36} {statistics.median(row['seconds']):9.4f} s   {words}"
                + ("   WRONG" if row["wrong"] else ""))
        rows.append(row)
    if others > BUSY:
        say(f"  other programs took {100 * others:.0f} % of the machine: these times mean little")
    return rows, others


def main():
    options = command_line()
    described = machine.describe(options.blip, options.threads)
    path = options.work / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    if results.get("machine") != described:  # numbers of two machines or versions don't mix
        results = {"machine": described, "sizes": {}}
    wrong = 0
    for size in options.sizes:
        folder, directory = prepare(options, size)
        for request in workload.requests_of(size):
            if options.only and request.name not in options.only:
                continue
            say(f"{size}: {request.title}")
            rows, others = measure_request(options, request, folder, directory)
            wrong += sum(row["wrong"] for row in rows)
            results["sizes"].setdefault(size, {})[request.name] = {
                "rows": rows, "others": others, "photos": len(list(folder.glob("*"))), "date": time.strftime("%Y-%m-%d")}
            path.write_text(json.dumps(results, indent=1))
    report.write({**results, "sizes": {size: measured for size, measured in results["sizes"].items()
                                       if size in options.sizes}}, options.report)
    say(f"written: {options.report}")
    if wrong:
        say(f"{wrong} outputs that must agree do not")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
