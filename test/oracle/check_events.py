"""Reads TensorBoard event files with TensorFlow's own record reader and Event proto, and prints them as JSON.

    python check_events.py FILE|DIR ... [--require TAG ...]

(A directory: every *tfevents* file below it.) Prints
    { "files": [{"file", "version", "events"}],
      "scalars":    {tag: [[step, value], ...]},
      "images":     {tag: [{"step", "width", "height", "channels", "bytes"}, ...]},     decoded: the size is the picture's own
      "histograms": {tag: [step, ...]},  "other": {tag: [step, ...]},
      "problems": [...] }
A record whose checksum is wrong, a cut file, a picture that does not decode or whose declared size is not its own, and a required
tag that is missing are problems; exit code 1 if there is one. Read with TensorFlow's checksums: a file that passes is one TensorBoard shows.
"""

import argparse
import json
import math
import os
import sys
from collections import defaultdict
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import tensorflow as tf  # noqa: E402
from tensorflow.core.util import event_pb2  # noqa: E402


def first_line(problem: Exception) -> str:
    """Without TensorFlow's "{{function_node ...}} " and " [Op:...]"."""
    text = (str(problem).splitlines() or [type(problem).__name__])[0]
    return text.rpartition("}} ")[2].partition(" [Op:")[0][:300]


class Events:
    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []
        self.scalars: dict[str, list[list[float]]] = defaultdict(list)
        self.images: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.histograms: dict[str, list[int]] = defaultdict(list)
        self.other: dict[str, list[int]] = defaultdict(list)
        self.problems: list[str] = []

    def read(self, path: str) -> None:
        entry: dict[str, Any] = {"file": path, "version": None, "events": 0}
        self.files.append(entry)
        try:
            for record in tf.data.TFRecordDataset(path):
                event = event_pb2.Event.FromString(record.numpy())
                entry["events"] += 1
                if event.HasField("file_version"):
                    entry["version"] = event.file_version
                for value in event.summary.value:
                    self.value(value, event.step)
        except Exception as problem:  # DataLossError, NotFoundError, DecodeError
            self.problems.append(f"{path}: after {entry['events']} events: {first_line(problem)}")
        if not entry["version"]:
            self.problems.append(f"{path}: no file_version event at its start")

    def value(self, value: Any, step: int) -> None:
        kind, plugin = value.WhichOneof("value"), value.metadata.plugin_data.plugin_name
        if kind == "simple_value":
            self.scalar(value.tag, step, value.simple_value)
        elif kind == "image":
            self.image(value.tag, step, value.image.encoded_image_string, value.image.width, value.image.height)
        elif kind == "histo":
            self.histograms[value.tag].append(step)
        elif kind == "tensor" and plugin == "scalars":
            self.scalar(value.tag, step, float(tf.make_ndarray(value.tensor)))
        elif kind == "tensor" and plugin == "images":  # [width, height, png, png, ...]
            width, height, *pictures = tf.make_ndarray(value.tensor).tolist()
            for picture in pictures:
                self.image(value.tag, step, picture, int(width), int(height))
        elif kind == "tensor" and plugin == "histograms":
            self.histograms[value.tag].append(step)
        else:
            self.other[value.tag].append(step)

    def scalar(self, tag: str, step: int, value: float) -> None:
        # JSON has no NaN: a word instead, so that the reader sees it.
        self.scalars[tag].append([step, value if math.isfinite(value) else str(value)])

    def image(self, tag: str, step: int, encoded: bytes, width: int, height: int) -> None:
        try:
            h, w, channels = tf.io.decode_image(encoded, expand_animations=False).shape
        except Exception as problem:
            self.problems.append(f"{tag} at step {step}: the picture does not decode: {first_line(problem)}")
            return
        if (w, h) != (width, height):
            self.problems.append(f"{tag} at step {step}: declared {width}x{height}, the picture is {w}x{h}")
        self.images[tag].append({"step": step, "width": w, "height": h, "channels": channels, "bytes": len(encoded)})


def files(paths: list[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in sorted(os.walk(path)):
                found += [os.path.join(folder, name) for name in sorted(names) if "tfevents" in name]
        else:
            found.append(path)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--require", action="append", default=[], metavar="TAG")
    args = parser.parse_args()
    events = Events()
    for path in files(args.paths):
        events.read(path)
    if not events.files:
        events.problems.append("no event file found")
    tags = {*events.scalars, *events.images, *events.histograms, *events.other}
    events.problems += [f"no tag {tag!r}" for tag in args.require if tag not in tags]
    print(json.dumps(vars(events), indent=1))
    return 1 if events.problems else 0


if __name__ == "__main__":
    sys.exit(main())
