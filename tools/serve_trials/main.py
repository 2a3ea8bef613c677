"""What `blip serve` does under load, with rude clients and with faults; a table of what was tried and what came of it.

    main.py BLIP [TRIAL…] [--quick] [--overload SECONDS] [--soak SECONDS] [--photo FILE]

BLIP is the program. Trials: overload, connections, faults, operations, replicas (needs nginx), soak; all of them without
one. --quick takes seconds instead of minutes. On loopback alone. The exit code is 1 if a claim does not hold. Numbers of
milliseconds and goodput mean something on a machine that does nothing else.
"""

import argparse
import os
import sys
from pathlib import Path

import connections
import faults
import operations
import overload
import replicas
import soak
from serving import Table

ROOT = Path(__file__).resolve().parents[2]
TRIALS = ("overload", "connections", "faults", "operations", "replicas", "soak")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blip")
    parser.add_argument("trials", nargs="*", metavar="TRIAL")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--overload", type=float, metavar="SECONDS", help="[300; quick: 10]")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="[3600; quick: 20]")
    parser.add_argument("--photo", default=ROOT / "src/serve/page/examples/cat.jpg", type=Path)
    arguments = parser.parse_args()
    unknown = set(arguments.trials) - set(TRIALS)
    if unknown:
        parser.error(f"no such trial: {', '.join(unknown)}")
    wanted = arguments.trials or TRIALS

    models = ROOT / "models"
    os.environ.setdefault("BLIP_MODEL_PATH", str(models))
    program, photo, quick, table = str(Path(arguments.blip).resolve()), arguments.photo.read_bytes(), arguments.quick, Table()
    print(f"load average {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores before it begins", flush=True)
    if "overload" in wanted:
        overload.run(program, photo, arguments.overload or (10 if quick else 300), table)
    if "connections" in wanted:
        connections.run(program, photo, quick, table)
    if "faults" in wanted:
        faults.run(program, photo, models, quick, table)
    if "operations" in wanted:
        operations.run(program, photo, table)
    if "replicas" in wanted:
        replicas.run(program, photo, ROOT / "packaging/nginx/blip.conf", 10 if quick else 60, table)
    if "soak" in wanted:
        photos = [each.read_bytes() for each in sorted(arguments.photo.parent.glob("*.jpg"))[:4]]
        soak.run(program, photos, ROOT / "examples/moderation/policy.json", arguments.soak or (20 if quick else 3600), table)
    print(f"{table.failed} claims do not hold" if table.failed else "all claims hold")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
