"""Writes test/golden/oracle/wgan_gp.json: WGAN-GP's gradient penalty on a tiny critic and its second-order gradients, in float64.

    python wgan_gp.py [DIR]           default: test/golden/oracle

The critic: conv(3->4, k3, s2, p1) act, conv(4->5, k3, s1, p1) act, conv(5->1, k3, s1, p1), all with bias and zero padding; its value of
a sample is the mean of its patches. act is leaky_relu(0.2), or tanh in the case that is smooth everywhere.
    mix     = eps[b] * real + (1 - eps[b]) * fake
    norm[b] = || d critic(mix)[b] / d mix[b] ||_2 over c, h, w
    penalty = mean over b of (norm[b] - 1)^2
    loss    = mean critic(fake) - mean critic(real) + 10 * penalty
Each case holds weights, inputs, values, and the gradients of `penalty` and of `loss` by every weight (the last bias does not reach
the penalty: its gradient there is 0). Gulrajani et al. 2017, equation 3.
"""

import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import golden

LAMBDA = 10.0


def critic(x: Tensor, w: dict[str, Tensor], act: Callable[[Tensor], Tensor]) -> Tensor:
    y = act(F.conv2d(x, w["conv1.weight"], w["conv1.bias"], stride=2, padding=1))
    y = act(F.conv2d(y, w["conv2.weight"], w["conv2.bias"], padding=1))
    return F.conv2d(y, w["conv3.weight"], w["conv3.bias"], padding=1).mean((1, 2, 3))


def case(name: str, activation: str, batch: int, h: int, w: int, seed: int) -> dict[str, Any]:
    draw = golden.Draws(seed)
    act = {"leaky_relu(0.2)": lambda x: F.leaky_relu(x, 0.2), "tanh": torch.tanh}[activation]
    weights = {}
    for i, (inputs, outputs) in enumerate(((3, 4), (4, 5), (5, 1)), 1):
        weights[f"conv{i}.weight"] = draw(outputs, inputs, 3, 3, low=-0.6, high=0.6)
        weights[f"conv{i}.bias"] = draw(outputs, low=-0.3, high=0.3)
    inputs = {
        "real": draw(batch, 3, h, w, low=-1.0, high=1.0),
        "fake": draw(batch, 3, h, w, low=-1.0, high=1.0),
        "eps": draw(batch, low=0.05, high=0.95),
    }
    leaves = {key: value.clone().requires_grad_() for key, value in weights.items()}
    eps = inputs["eps"][:, None, None, None]
    mix = (eps * inputs["real"] + (1 - eps) * inputs["fake"]).requires_grad_()
    (slope,) = torch.autograd.grad(critic(mix, leaves, act).sum(), mix, create_graph=True)
    norms = slope.flatten(1).norm(dim=1)
    penalty = ((norms - 1) ** 2).mean()
    loss = critic(inputs["fake"], leaves, act).mean() - critic(inputs["real"], leaves, act).mean() + LAMBDA * penalty

    def gradients(of: Tensor) -> dict[str, Tensor]:
        found = torch.autograd.grad(of, list(leaves.values()), retain_graph=True, allow_unused=True)
        return {key: torch.zeros_like(leaves[key]) if g is None else g for key, g in zip(leaves, found)}

    by_penalty = gradients(penalty)
    check_numerically(weights, mix.detach(), act, by_penalty)
    pack = lambda tensors: {key: golden.packed(value) for key, value in tensors.items()}  # noqa: E731
    return {
        "name": name,
        "activation": activation,
        "lambda": LAMBDA,
        "weights": pack(weights),
        "inputs": pack(inputs),
        "slope": golden.packed(slope),
        "norms": golden.packed(norms),
        "penalty": penalty.item(),
        "loss": loss.item(),
        "gradients of penalty": pack(by_penalty),
        "gradients of loss": pack(gradients(loss)),
    }


def check_numerically(weights: dict[str, Tensor], mix: Tensor, act: Callable, gradients: dict[str, Tensor]) -> None:
    """Central differences along one random direction of all weights: a wrong second derivative does not get into the file."""

    def penalty(w: dict[str, Tensor]) -> float:
        x = mix.clone().requires_grad_()
        (slope,) = torch.autograd.grad(critic(x, w, act).sum(), x)
        return ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean().item()

    torch.manual_seed(0)
    direction = {key: torch.randn_like(value) for key, value in weights.items()}
    step = 1e-6
    up, down = ({key: weights[key] + sign * step * direction[key] for key in weights} for sign in (1, -1))
    numeric = (penalty(up) - penalty(down)) / (2 * step)
    exact = sum((gradients[key] * direction[key]).sum().item() for key in weights)
    assert abs(numeric - exact) < 1e-6 * abs(exact), (numeric, exact)


def main() -> int:
    cases = [
        {"made by": f"python test/oracle/wgan_gp.py, PyTorch {torch.__version__}, float64"},
        case("leaky, batch 2, 6x8", "leaky_relu(0.2)", 2, 6, 8, 1),
        case("leaky, batch 1, 5x4", "leaky_relu(0.2)", 1, 5, 4, 2),
        case("smooth, batch 3, 4x6", "tanh", 3, 4, 6, 3),
    ]
    print(golden.write("wgan_gp.json", cases, *sys.argv[1:2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
