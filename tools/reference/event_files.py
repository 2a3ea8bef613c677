"""TensorBoard's event files, by TensorBoard itself (pip install tensorboard).

  event_files.py write FILE   the fixture tests/train/run/data/events.bin
  event_files.py read RUN     what TensorBoard makes of a run's event files: tag, step, value
"""
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def scalars(wall_time, step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return Event(wall_time=wall_time, step=step, summary=summary)


def write(path):
    events = [
        Event(wall_time=1700000000.5, file_version="brain.Event:2"),
        Event(wall_time=1700000000.75, step=1001, session_log=SessionLog(status=SessionLog.START)),
        scalars(1700000001.25, 1050, [("loss", 7.25), ("learning_rate", 3e-4)]),
        scalars(1700000002.0, 5_000_000_000, [("loss", -0.5)]),
    ]
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
        writer.flush()


def read(run):
    accumulator = EventAccumulator(run, size_guidance={"scalars": 0})
    accumulator.Reload()
    for tag in accumulator.Tags()["scalars"]:
        for event in accumulator.Scalars(tag):
            print(tag, event.step, f"{event.value:g}")


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](sys.argv[2])
