"""Counts of FLOPs (2 x multiply-adds of convolutions and linear maps) by PyTorch's own counter, and of parameters.

    python flops.py                                    prints the FLOPs of the committed configurations
    python flops.py --config '{"size": 128, "ch": 32}'  of one configuration (ugatit_nets.py: Config)
    python flops.py --write DIR                        writes DIR/flops.json and DIR/counts.json (test/golden/oracle)

Nothing is computed: the networks live on PyTorch's meta device. `forward` is one sample through the network; `backward` is the
gradient of every parameter and of the input. The multiplication of CAM's features by its classifier weights, norms,
activations and spectral norm's power iteration (matrix by vector) are not FLOPs of this count.
"""

import argparse
import json
import os
import sys
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ugatit import published_counts
from ugatit_nets import Config, make_networks

CONFIGS: dict[str, dict[str, Any]] = {
    "256 px, ch 64, light": {"size": 256, "ch": 64},
    "256 px, ch 64, full": {"size": 256, "ch": 64, "light": False},
    "256 px, ch 64, without cam": {"size": 256, "ch": 64, "generator_head": "Plain", "discriminator_head": "Plain"},
    "128 px, ch 32, light": {"size": 128, "ch": 32},
    "64 px, ch 16, blocks 2, global depth 6, light": {"size": 64, "ch": 16, "blocks": 2, "global_depth": 6},
    "64 px, ch 8, blocks 1, global depth 6, full": {"size": 64, "ch": 8, "blocks": 1, "global_depth": 6, "light": False},
}
NETS = {"generator": "genA2B", "global critic": "disGA", "local critic": "disLA"}


def counted(counter: FlopCounterMode) -> int:
    """Sum over convolutions and matrix products; any other operator that the counter knows would be a surprise."""
    total = 0
    for operator, flops in counter.get_flop_counts()["Global"].items():
        name = str(operator)
        assert any(kind in name for kind in ("convolution", "mm", "addmm")), name
        total += flops
    return total


def flops_of(net: nn.Module, size: int) -> dict[str, Any]:
    """FLOPs of one forward pass, in all and by layer (names of the state dict), and of the backward pass."""
    x = torch.zeros(1, 3, size, size, device="meta", requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        output = net(x)
    forward, by_module = counted(counter), counter.get_flop_counts()
    prefix = type(net).__name__ + "."
    leaves = {name for name, module in net.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))}
    layers = {
        name.removeprefix(prefix): sum(operators.values())
        for name, operators in by_module.items()
        if name.removeprefix(prefix) in leaves
    }
    assert sum(layers.values()) == forward, (sum(layers.values()), forward)
    with FlopCounterMode(display=False) as counter:
        sum(x.sum() for x in output if x is not None).backward()
    return {"forward": forward, "backward": counted(counter), "layers": layers}


def flops(settings: dict[str, Any]) -> dict[str, Any]:
    config = Config.of(**settings)
    with torch.device("meta"):
        nets = make_networks(config)
    counts = {ours: flops_of(nets[name], config.size) for ours, name in NETS.items()}
    for ours, name in NETS.items():
        counts[ours]["parameters"] = sum(p.numel() for p in nets[name].parameters())
    return {"config": settings, **counts}


def made_by(what: str) -> str:
    return f"{what}; python test/oracle/flops.py --write test/golden/oracle, PyTorch {torch.__version__}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=json.loads)
    parser.add_argument("--write", metavar="DIR")
    args = parser.parse_args()
    if args.config is not None:
        print(json.dumps(flops(args.config), indent=1))
        return 0
    all_flops = {
        "made by": made_by("torch.utils.flop_counter.FlopCounterMode, FLOPs of convolutions and linear maps, batch 1"),
        "configs": {name: flops(settings) for name, settings in CONFIGS.items()},
    }
    if not args.write:
        print(json.dumps(all_flops, indent=1))
        return 0
    counts = {
        "made by": made_by("trained parameters and state dict keys (with spectral norm's u and v), 256 px, ch 64"),
        "networks": {name: {"parameters": p, "keys": k} for name, (p, k) in published_counts().items()},
    }
    for name, content in (("flops.json", all_flops), ("counts.json", counts)):
        with open(os.path.join(args.write, name), "w") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
