"""PyTorch's U-GAT-IT step as a process that runs one step when told, so that a bench can alternate it with another engine's.

    python torch_step.py --size 128 --ch 32 [--kind published|tuned] [--blocks 4] [--full] [--batch 1] [--global-depth 7]
        [--local-depth 5] [--threads 2] [--malloc raised|stock] [--seed 0]
    python torch_step.py --size 64 --ch 16 --once 5       runs 5 steps by itself and prints a summary (first one not counted)

On stdin, one command a line; for each, one line of JSON on stdout:
    step       one training step          {"command", "seconds", "rss", "rss_peak", "losses": {term: value}}
    forward    one generator, no gradient {"command", "seconds", "rss", "rss_peak"}
    reset      rss_peak starts again from what is resident now (needs a writable /proc/self/clear_refs; else {"error"})
    quit       or the end of stdin
First of all it prints {"ready": true, ...settings, "rss", "rss_peak"}. Bytes; rss_peak is VmHWM of /proc/self/status.

`published` and `tuned` are those of test/oracle/ugatit.py; weights and pictures are random. By default `tuned` raises glibc's malloc
thresholds (large blocks are kept, not given back to the system) and `published` leaves them as they are.
"""

import argparse
import ctypes
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "oracle"))

# mallopt's parameters (malloc.h)
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


def raise_malloc_thresholds() -> bool:
    """Blocks up to 32 MiB (the most glibc allows) come from the heap, and up to 1 GiB of free heap is kept."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        settings = ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 1 << 30), (M_TOP_PAD, 64 << 20))
        return all([libc.mallopt(ctypes.c_int(name), ctypes.c_int(value)) == 1 for name, value in settings])
    except OSError:
        return False


def memory() -> dict[str, int]:
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {ours: int(fields[name].split()[0]) * 1024 for ours, name in (("rss", "VmRSS"), ("rss_peak", "VmHWM"))}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--ch", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--global-depth", type=int, default=7)
    parser.add_argument("--local-depth", type=int, default=5)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--kind", choices=["published", "tuned"], default="published")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--malloc", choices=["raised", "stock"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--once", type=int, metavar="STEPS")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    malloc = args.malloc or ("raised" if args.kind == "tuned" else "stock")
    if malloc == "raised" and not raise_malloc_thresholds():
        print("torch_step: mallopt is not to be had here", file=sys.stderr)
        malloc = "stock"

    import torch  # after malloc's settings

    from ugatit import Trainer
    from ugatit_nets import Config

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    config = Config.of(
        size=args.size,
        ch=args.ch,
        blocks=args.blocks,
        global_depth=args.global_depth,
        local_depth=args.local_depth,
        light=not args.full,
    )
    trainer = Trainer(config, args.kind)
    a, b = (torch.rand(args.batch, 3, args.size, args.size) * 2 - 1 for _ in "ab")

    def step() -> dict[str, object]:
        start = time.perf_counter()
        losses = trainer.step(a, b)
        seconds = time.perf_counter() - start
        # What a trainer would not keep either: the graphs of this step's outputs.
        trainer.outputs = {}
        return {"command": "step", "seconds": seconds, "losses": {k: v.item() for k, v in losses.items()}}

    def forward() -> dict[str, object]:
        with torch.no_grad():
            start = time.perf_counter()
            trainer.nets["genA2B"](a)
            return {"command": "forward", "seconds": time.perf_counter() - start}

    def reset() -> dict[str, object]:
        try:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
            return {"command": "reset"}
        except OSError as problem:
            return {"command": "reset", "error": str(problem)}

    commands = {"step": step, "forward": forward, "reset": reset}

    def say(answer: dict[str, object]) -> None:
        print(json.dumps({**answer, **memory()}), flush=True)

    settings = {k: v for k, v in vars(args).items() if k != "once"} | {"malloc": malloc, "torch": torch.__version__}
    say({"ready": True, **settings})
    if args.once:
        taken = []
        for _ in range(args.once):
            answer = step()
            taken.append(answer["seconds"])
            say(answer)
        counted = sorted(taken[1:] or taken)
        say({"median": counted[len(counted) // 2], "fastest": counted[0], "steps": len(counted)})
        return 0
    for line in sys.stdin:
        name = line.strip()
        if name == "quit":
            break
        if name in commands:
            say(commands[name]())
        elif name:
            say({"error": f"no command {name!r}: {', '.join(commands)}, quit"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
