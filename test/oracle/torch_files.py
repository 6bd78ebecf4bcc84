"""Checkpoints as PyTorch itself writes and reads them, for runtime/import and `ganc export`.

    python torch_files.py golden [DIR]            # makes test/golden/import (or DIR) again
    python torch_files.py save CONFIG.json OUT.pt [--legacy] [--seed N] [--dtype float32] [--old-rho]
    python torch_files.py forward CONFIG.json WEIGHTS PICTURES.safetensors OUT.safetensors [--dtype float64]

save writes what UGATIT-pytorch writes: a dictionary of six state dicts. forward loads WEIGHTS (.pt, or .safetensors with names such as
genA2B.FC.0.weight) by load_state_dict(strict=True) and runs every network in eval mode on the picture `x`; OUT has `genA2B.image`,
`genA2B.heatmap`, `disGA.logits`, .... "nested_variance" in CONFIG.json takes the norms' variance as the code before 2019-08-27 did.

The golden files are not the same bytes twice: the old format names storages by their addresses.
"""

import argparse
import gzip
import io
import json
import pathlib
from typing import Any

import torch
import ugatit_nets
from safetensors.torch import load_file, save_file
from torch import Tensor

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "import"
TINY = {"size": 16, "ch": 2, "blocks": 1, "global_depth": 4, "local_depth": 3}


def nested(x: Tensor, dims: tuple[int, ...], eps: float, unbiased: bool) -> Tensor:
    """Dividing by var(var(x, dim=2), dim=3), for the layer by var(var(var(x, dim=1), dim=2), dim=3): gans.md 1.2."""
    spread = x
    for dim in dims:
        spread = spread.var(dim, keepdim=True, correction=1 if unbiased else 0)
    return (x - x.mean(dims, keepdim=True)) / torch.sqrt(spread + eps)


def networks(config: dict[str, Any], seed: int, old_rho: bool = False) -> dict[str, torch.nn.Module]:
    """Random weights, u and v; rho, gamma and beta are drawn too, so that no formula hides behind a constant."""
    torch.manual_seed(seed)
    nets = ugatit_nets.make_networks(ugatit_nets.Config.of(**{k: v for k, v in config.items() if k != "nested_variance"}))
    for net in nets.values():
        for name, p in net.named_parameters():
            if name.endswith(("rho", ".gamma", ".beta")):
                torch.nn.init.uniform_(p, *((-0.5, 1.5) if old_rho and name.endswith("rho") else (0.05, 0.95)))
    return nets


def saved(nets: dict[str, torch.nn.Module], dtype: torch.dtype) -> dict[str, dict[str, Tensor]]:
    return {name: net.to(dtype).state_dict() for name, net in nets.items()}


def load(nets: dict[str, torch.nn.Module], path: str) -> None:
    if path.endswith(".safetensors"):
        flat = load_file(path)
        found = {n: {k[len(n) + 1 :]: v for k, v in flat.items() if k.startswith(f"{n}.")} for n in nets}
        assert sum(map(len, found.values())) == len(flat), "names of no network"
    else:
        found = torch.load(path, weights_only=True)
    for name, net in nets.items():
        net.load_state_dict(found[name], strict=True)


def forward(nets: dict[str, torch.nn.Module], x: Tensor, is_nested: bool) -> dict[str, Tensor]:
    plain = ugatit_nets.standardize

    def in_norms(x: Tensor, dims: tuple[int, ...], eps: float, unbiased: bool) -> Tensor:
        # Only ILN and AdaLIN have unbiased variances; the encoder's IN was right all along.
        return (nested if is_nested and unbiased else plain)(x, dims, eps, unbiased)

    ugatit_nets.standardize = in_norms
    try:
        out: dict[str, Tensor] = {}
        with torch.no_grad():
            for name, net in nets.items():
                made = net.eval().to(x.dtype)(x)
                for key, value in zip(("main", "logits", "heatmap"), made):
                    if value is not None:
                        out[f"{name}.{key}"] = value.contiguous()
        return out
    finally:
        ugatit_nets.standardize = plain


def listed(t: Tensor) -> dict[str, Any]:
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "values": [repr(v) for v in t.double().flatten().tolist()]}


def curious() -> dict[str, Any]:
    """Each way a tensor can lie in a file."""
    torch.manual_seed(5)
    block = torch.randn(4, 6)
    specials = [0.0, -0.0, 6e-8, -6.1e-5, 65504.0, float("inf"), float("-inf"), float("nan"), 1 / 3]
    return {
        "epoch": 3,
        "name": "ünïcode",
        "rates": [1e-4, None, True],
        "model": {
            "plain": torch.randn(2, 3),
            "double": torch.randn(5, dtype=torch.float64),
            "half": torch.tensor(specials, dtype=torch.float16),
            "brain": torch.tensor(specials + [1e38], dtype=torch.bfloat16),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 3),
            "parameter": torch.nn.Parameter(torch.randn(3)),
            "transposed": torch.randn(3, 4, 5).permute(2, 0, 1),
            "stepped": torch.randn(40)[3::5],
            "row": block[1],
            "column": block[:, 2],
            "corner": block[2:, 4:],
            "expanded": torch.randn(1, 3).expand(4, 3),
            "counter": torch.tensor(7),
        },
    }


def write_golden(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)

    def put(name: str, data: bytes) -> None:
        (folder / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))

    def save(name: str, what: Any, legacy: bool) -> None:
        buffer = io.BytesIO()
        torch.save(what, buffer, _use_new_zipfile_serialization=not legacy)
        put(name, buffer.getvalue())

    things = curious()
    for legacy in (False, True):
        save(f"curious-{'legacy' if legacy else 'zip'}.pt", things, legacy)
    put("curious.json", json.dumps({k: listed(v) for k, v in things["model"].items()}).encode())
    for name, config, legacy in (
        ("light-zip", TINY, False),
        ("full-zip", {**TINY, "light": False}, False),
        ("nested-legacy", {**TINY, "nested_variance": True}, True),
    ):
        is_nested = config.get("nested_variance", False)
        nets = networks(config, seed=3, old_rho=is_nested)
        save(f"{name}.pt", saved(nets, torch.float32), legacy)
        x = torch.rand(1, 3, 16, 16 if "full" in name else 20, dtype=torch.float32).double() * 2 - 1
        made = forward(nets, x, is_nested)
        expected = {"config": config, "x": listed(x), "out": {k: listed(v) for k, v in made.items()}}
        put(f"{name}.json", json.dumps(expected).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    golden = commands.add_parser("golden")
    golden.add_argument("dir", nargs="?", type=pathlib.Path, default=GOLDEN)
    save = commands.add_parser("save")
    save.add_argument("config")
    save.add_argument("out")
    save.add_argument("--legacy", action="store_true")
    save.add_argument("--seed", type=int, default=1)
    save.add_argument("--dtype", default="float32")
    save.add_argument("--old-rho", action="store_true")
    run = commands.add_parser("forward")
    for name in ("config", "weights", "pictures", "out"):
        run.add_argument(name)
    run.add_argument("--dtype", default="float64")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.command == "golden":
        write_golden(args.dir)
        return
    config = json.loads(pathlib.Path(args.config).read_text())
    if args.command == "save":
        nets = networks(config, args.seed, args.old_rho)
        torch.save(saved(nets, getattr(torch, args.dtype)), args.out, _use_new_zipfile_serialization=not args.legacy)
        return
    nets = networks(config, 0)
    load(nets, args.weights)
    x = load_file(args.pictures)["x"].to(getattr(torch, args.dtype))
    save_file(forward(nets, x, config.get("nested_variance", False)), args.out)


if __name__ == "__main__":
    main()
