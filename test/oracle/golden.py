"""What the makers of golden files share: reproducible small tensors, and JSON in which a double survives exactly."""

import json
import math
import os
from typing import Any

import torch
from torch import Tensor

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "oracle")


class Draws:
    """Doubles with three decimals: short in JSON, exact on both sides. Drawn without replacement and never 0, so that no two
    of a tensor are equal and no max, relu or |x| stands on an edge."""

    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, *shape: int, low: float = -2.0, high: float = 2.0) -> Tensor:
        thousandths = [i for i in range(round(low * 1000), round(high * 1000) + 1) if i != 0]
        chosen = torch.randperm(len(thousandths), generator=self.generator)[: math.prod(shape)].tolist()
        if len(chosen) < math.prod(shape):
            raise ValueError(f"too few thousandths between {low} and {high} for shape {shape}")
        return torch.tensor([thousandths[i] / 1000 for i in chosen], dtype=torch.float64).reshape(shape)


def packed(x: Tensor) -> dict[str, Any]:
    """{shape, data}: row-major; Python's repr of a double is the shortest text that reads back as the same double."""
    data = x.detach().to(torch.float64).flatten().tolist()
    assert all(math.isfinite(v) for v in data)
    return {"shape": list(x.shape), "data": [int(v) if v == int(v) else v for v in data]}


def write(name: str, content: Any, folder: str = GOLDEN) -> str:
    """One line for each case: small, and a changed case shows as one changed line."""
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        if isinstance(content, list):
            file.write("[\n" + ",\n".join(json.dumps(x, separators=(",", ":")) for x in content) + "\n]\n")
        else:
            json.dump(content, file, indent=1)
            file.write("\n")
    return path
