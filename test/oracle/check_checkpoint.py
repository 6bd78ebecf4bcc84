"""Reads checkpoints with the Python safetensors library and prints what is in them.

    python check_checkpoint.py FILE.safetensors [--require KEY ...] [--finite] [--equal OTHER.safetensors]

Prints JSON: {"file", "bytes", "metadata": {...}, "tensors": [{"name", "dtype", "shape"}], "parameters": total elements, "problems": [...]}.
    --require KEY   a metadata key that must be there and not empty (may be repeated)
    --finite        no tensor holds a NaN or an infinity
    --equal OTHER   the same names, shapes, dtypes and bits as OTHER's (metadata may differ)
Exit code 1 if there is a problem.
"""

import argparse
import json
import os
import sys
from typing import Any

import torch
from safetensors import SafetensorError, safe_open


def read(path: str) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(path, "pt") as file:
        return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}


def bits(x: torch.Tensor) -> torch.Tensor:
    return x.contiguous().reshape(-1).view(torch.uint8)


def difference(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> list[str]:
    problems = [f"only here: {name}" for name in sorted(set(ours) - set(theirs))]
    problems += [f"only in the other: {name}" for name in sorted(set(theirs) - set(ours))]
    for name in sorted(set(ours) & set(theirs)):
        a, b = ours[name], theirs[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            problems.append(f"{name}: {a.dtype} {list(a.shape)} against {b.dtype} {list(b.shape)}")
        elif not torch.equal(bits(a), bits(b)):
            numbers = int((a != b).sum())
            problems.append(f"{name}: {numbers} of {a.numel()} values differ" if numbers else f"{name}: bits differ")
    return problems


def check(args: argparse.Namespace) -> dict[str, Any]:
    metadata, tensors = read(args.file)
    problems = [f"metadata has no {key!r}" for key in args.require if not metadata.get(key)]
    if args.finite:
        floats = {name: x for name, x in tensors.items() if x.is_floating_point()}
        problems += [f"{name}: not finite" for name, x in floats.items() if not torch.isfinite(x).all()]
    if args.equal:
        problems += difference(tensors, read(args.equal)[1])
    return {
        "file": args.file,
        "bytes": os.path.getsize(args.file),
        "metadata": metadata,
        "tensors": [
            {"name": name, "dtype": str(x.dtype).removeprefix("torch."), "shape": list(x.shape)}
            for name, x in tensors.items()
        ],
        "parameters": sum(x.numel() for x in tensors.values()),
        "problems": problems,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--require", action="append", default=[], metavar="KEY")
    parser.add_argument("--finite", action="store_true")
    parser.add_argument("--equal", metavar="OTHER")
    args = parser.parse_args()
    try:
        found = check(args)
    except (SafetensorError, OSError) as problem:
        found = {"file": args.file, "problems": [f"not read: {problem}"]}
    print(json.dumps(found, indent=1))
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
