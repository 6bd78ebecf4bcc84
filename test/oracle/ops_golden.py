"""Writes test/golden/oracle/ops.json: outputs and gradients of single operations, by PyTorch in double precision.

    python ops_golden.py [DIR]        default: test/golden/oracle

An array of cases {op, attrs, inputs, output, weights, gradients}:
    inputs      {name: {shape, data}}, data row-major; images are [batch, channels, height, width]
    output      {shape, data}; a case with several outputs has `outputs` {name: {shape, data}} instead
    weights     the same as output: the gradients are those of sum(output * weights) by each input
    gradients   {input name: {shape, data}}; an input without one (labels, state) is left out
The first element of the array says how the file was made ({"made by": ...}) and has no op.
Conventions: conv weights [out, in, kh, kw], conv_transpose weights [in, out, kh, kw], linear [out, in].
"""

import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import golden
from ugatit_nets import GN, ILN, LN, AdaIN, AdaLIN, IN

draw = golden.Draws(20190725)
cases: list[dict[str, Any]] = []


def case(
    op: str,
    attrs: dict[str, Any],
    inputs: dict[str, Tensor],
    run: Callable[..., Tensor | dict[str, Tensor]],
    constants: tuple[str, ...] = (),
) -> None:
    """Runs the operation, weighs its output, differentiates, and keeps all of it."""
    leaves = {name: x.clone().requires_grad_(name not in constants) for name, x in inputs.items()}
    result = run(**leaves)
    outputs = result if isinstance(result, dict) else {"output": result}
    weights = {name: draw(*y.shape, low=-1.0, high=1.0) for name, y in outputs.items()}
    total = sum((outputs[name] * weights[name]).sum() for name in outputs)
    trained = [name for name in inputs if name not in constants]
    gradients = torch.autograd.grad(total, [leaves[name] for name in trained])
    one = not isinstance(result, dict)
    cases.append(
        {
            "op": op,
            "attrs": attrs,
            "inputs": {name: golden.packed(x) for name, x in inputs.items()},
            **(
                {"output": golden.packed(outputs["output"]), "weights": golden.packed(weights["output"])}
                if one
                else {
                    "outputs": {name: golden.packed(y) for name, y in outputs.items()},
                    "weights": {name: golden.packed(w) for name, w in weights.items()},
                }
            ),
            "gradients": {name: golden.packed(g) for name, g in zip(trained, gradients)},
        }
    )


def convolutions() -> None:
    for batch, inputs, outputs, kernel, stride, padding, h, w in [
        (1, 2, 3, 3, 1, 0, 5, 4),
        (2, 2, 2, 3, 1, 1, 4, 5),
        (1, 2, 2, 3, 2, 1, 5, 6),
        (2, 1, 2, 3, 2, 0, 6, 5),
        (1, 2, 2, 4, 1, 0, 5, 6),
        (1, 2, 2, 4, 2, 1, 6, 8),
        (2, 1, 1, 4, 2, 1, 7, 5),
        (1, 1, 1, 7, 1, 0, 8, 9),
        (1, 1, 1, 7, 1, 1, 7, 6),
        (2, 3, 2, 1, 1, 0, 2, 1),
    ]:
        case(
            "conv",
            {"stride": stride, "padding": padding, "kernel": kernel},
            {"x": draw(batch, inputs, h, w), "weight": draw(outputs, inputs, kernel, kernel), "bias": draw(outputs)},
            lambda x, weight, bias, s=stride, p=padding: F.conv2d(x, weight, bias, s, p),
        )
    for batch, inputs, outputs, kernel, stride, padding, extra, h, w in [
        (1, 2, 2, 3, 2, 1, 1, 3, 4),
        (2, 1, 2, 3, 2, 1, 1, 2, 3),
        (1, 2, 1, 4, 2, 1, 0, 3, 2),
    ]:
        case(
            "conv_transpose",
            {"stride": stride, "padding": padding, "output_padding": extra, "kernel": kernel},
            {"x": draw(batch, inputs, h, w), "weight": draw(inputs, outputs, kernel, kernel), "bias": draw(outputs)},
            lambda x, weight, bias, a=(stride, padding, extra): F.conv_transpose2d(x, weight, bias, *a),
        )
    case("linear", {}, {"x": draw(2, 4), "weight": draw(3, 4), "bias": draw(3)}, lambda x, weight, bias: F.linear(x, weight, bias))


def pads_and_sizes() -> None:
    for mode, torch_mode in (("reflect", "reflect"), ("zero", "constant"), ("edge", "replicate")):
        for batch, (left, right, top, bottom), h, w in [(1, (1, 1, 1, 1), 3, 4), (1, (3, 3, 3, 3), 4, 5), (2, (1, 2, 0, 2), 3, 3)]:
            case(
                "pad",
                {"mode": mode, "left": left, "right": right, "top": top, "bottom": bottom},
                {"x": draw(batch, 1, h, w)},
                lambda x, p=(left, right, top, bottom), m=torch_mode: F.pad(x, p, mode=m),
            )
    for batch, h, w in ((1, 2, 3), (2, 3, 2)):
        case("upsample_nearest", {"factor": 2}, {"x": draw(batch, 2, h, w)}, lambda x: F.interpolate(x, scale_factor=2))
    for align in (False, True):
        case(
            "upsample_bilinear",
            {"factor": 2, "align_corners": align},
            {"x": draw(1, 1, 3, 2)},
            lambda x, a=align: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=a),
        )
    for batch, h, w in ((1, 6, 5), (2, 5, 4)):
        for include in (False, True):
            case(
                "avg_pool",
                {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": include},
                {"x": draw(batch, 2, h, w)},
                lambda x, i=include: F.avg_pool2d(x, 3, 2, 1, count_include_pad=i),
            )
    case("avg_pool", {"kernel": 2, "stride": 2, "padding": 0}, {"x": draw(1, 2, 4, 6)}, lambda x: F.avg_pool2d(x, 2))
    case("avg_pool", {"kernel": 2, "stride": 2, "padding": 0}, {"x": draw(2, 1, 5, 4)}, lambda x: F.avg_pool2d(x, 2))
    for batch in (1, 2):
        case("global_max_pool", {}, {"x": draw(batch, 2, 3, 4)}, lambda x: F.adaptive_max_pool2d(x, 1).flatten(1))
        case("global_avg_pool", {}, {"x": draw(batch, 2, 3, 4)}, lambda x: x.mean((2, 3)))


def norms() -> None:
    """By the oracle's own modules; where PyTorch has the operation too, they are compared first."""

    def module(make: Callable[[], torch.nn.Module]) -> Callable[..., Tensor]:
        def run(x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, rho: Tensor | None = None):
            net = make().double()
            for name, value in (("gamma", gamma), ("beta", beta), ("rho", rho)):
                if name in net._parameters:
                    del net._parameters[name]
                    setattr(net, name, value.reshape(1, -1, 1, 1))
            return net(x, gamma, beta) if net.adaptive else net(x)

        return run

    def like(found: Tensor, expected: Tensor) -> None:
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)

    c = 4
    for batch, h, w in ((1, 2, 3), (2, 3, 2)):
        x, gamma, beta = draw(batch, c, h, w), draw(c), draw(c)
        rho = draw(c, low=0.05, high=0.95)
        styles = {"gamma": draw(batch, c), "beta": draw(batch, c)}
        affine = {"gamma": gamma, "beta": beta}
        like(module(lambda: IN(c))(x), F.instance_norm(x))
        like(module(lambda: IN(c, affine=True))(x, **affine), F.instance_norm(x, weight=gamma, bias=beta))
        like(module(lambda: GN(c, groups=2))(x, **affine), F.group_norm(x, 2, gamma, beta))
        like(module(lambda: LN(c))(x, **affine), F.group_norm(x, 1, gamma, beta))
        eps = {"eps": 1e-5}
        case("instance_norm", {**eps, "unbiased": False}, {"x": x}, module(lambda: IN(c)))
        case("instance_norm", {**eps, "unbiased": True}, {"x": x}, module(lambda: IN(c, unbiased=True)))
        case("instance_norm", {**eps, "unbiased": False, "affine": True}, {"x": x, **affine}, module(lambda: IN(c, affine=True)))
        for form in ("variance", "std_plus_eps"):
            case("layer_norm", {**eps, "form": form}, {"x": x, **affine}, module(lambda f=form: LN(c, form=f)))
        for groups in (1, 2, 4):
            case("group_norm", {**eps, "groups": groups}, {"x": x, **affine}, module(lambda g=groups: GN(c, groups=g)))
        case("ada_in", {**eps, "unbiased": False}, {"x": x, **styles}, module(lambda: AdaIN(c)))
        case("iln", {**eps, "unbiased": True}, {"x": x, "rho": rho, **affine}, module(lambda: ILN(c)))
        case("ada_lin", {**eps, "unbiased": True}, {"x": x, "rho": rho, **styles}, module(lambda: AdaLIN(c)))
    # As the TensorFlow code has it.
    tensorflow = {"unbiased": False, "smoothing": 0.1}
    case("ada_lin", {**eps, **tensorflow}, {"x": x, "rho": rho, **styles}, module(lambda: AdaLIN(c, **tensorflow)))
    x = draw(3, 2, 2, 2)
    case(
        "batch_norm",
        {"eps": 1e-5, "training": True},
        {"x": x, "gamma": draw(2), "beta": draw(2)},
        lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5),
    )


def spectral() -> None:
    """Three forwards of torch.nn.utils.spectral_norm: u and v advance each time and are constants of the gradient."""

    def run(weight: Tensor, u: Tensor, v: Tensor, x: Tensor) -> dict[str, Tensor]:
        flat, outputs = weight.reshape(weight.shape[0], -1), {}
        net = torch.nn.utils.spectral_norm(torch.nn.Linear(flat.shape[1], flat.shape[0], bias=False).double())
        with torch.no_grad():
            net.weight_orig.copy_(flat)
            net.weight_u.copy_(u)
            net.weight_v.copy_(v)
        for i in (1, 2, 3):
            # The formula, whose graph reaches our leaves; the module is what it is held against.
            with torch.no_grad():
                v = F.normalize(torch.mv(flat.t(), u), dim=0, eps=1e-12)
                u = F.normalize(torch.mv(flat, v), dim=0, eps=1e-12)
            normal = flat / torch.dot(u, torch.mv(flat, v))
            net(x)
            for found, expected in ((u, net.weight_u), (v, net.weight_v), (normal, net.weight)):
                torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)
            outputs |= {f"u{i}": u, f"v{i}": v, f"w{i}": normal.reshape(weight.shape)}
        # x is there so that the module can be called; the case is about the weight.
        return outputs

    for shape in ((3, 2, 2, 2), (1, 5), (4, 3)):
        rest = 1
        for size in shape[1:]:
            rest *= size
        unit = lambda n: F.normalize(draw(n), dim=0)  # noqa: E731
        inputs = {"weight": draw(*shape), "u": unit(shape[0]), "v": unit(rest)}
        x = torch.ones(1, rest, dtype=torch.float64)
        case("spectral_norm", {"iterations": 1, "eps": 1e-12, "forwards": 3}, inputs, lambda x=x, **k: run(x=x, **k), ("u", "v"))


def losses() -> None:
    def mean_case(op: str, attrs: dict[str, Any], run: Callable[[Tensor], Tensor]) -> None:
        for shape in ((1, 2), (2, 1, 2, 3)):
            case(op, {**attrs, "reduction": "mean"}, {"x": draw(*shape, low=-3.0, high=3.0)}, run)

    for target in (0, 1, 0.5):
        mean_case(
            "bce_with_logits",
            {"target": target},
            lambda x, t=float(target): F.binary_cross_entropy_with_logits(x, torch.full_like(x, t)),
        )
    extremes = torch.tensor([-80.25, -30.5, 30.5, 80.25], dtype=torch.float64)
    case(
        "bce_with_logits",
        {"target": 1, "reduction": "mean"},
        {"x": extremes},
        lambda x: F.binary_cross_entropy_with_logits(x, torch.ones_like(x)),
    )
    mean_case("hinge", {"side": "real"}, lambda x: F.relu(1 - x).mean())
    mean_case("hinge", {"side": "fake"}, lambda x: F.relu(1 + x).mean())
    mean_case("mse", {"target": 1}, lambda x: F.mse_loss(x, torch.ones_like(x)))
    for op, run in (("mse", lambda x, y: F.mse_loss(x, y)), ("l1", lambda x, y: F.l1_loss(x, y))):
        case(op, {"reduction": "mean"}, {"x": draw(2, 1, 2, 3), "y": draw(2, 1, 2, 3)}, run)


def activations() -> None:
    for op, attrs, run in (
        ("relu", {}, lambda x: F.relu(x)),
        ("leaky_relu", {"slope": 0.2}, lambda x: F.leaky_relu(x, 0.2)),
        ("tanh", {}, lambda x: torch.tanh(x)),
        ("sigmoid", {}, lambda x: torch.sigmoid(x)),
        ("softplus", {}, lambda x: F.softplus(x, threshold=1e9)),
    ):
        case(op, attrs, {"x": draw(2, 5, low=-4.0, high=4.0)}, run)


def updates() -> None:
    """Adam with coupled decay: three steps with given gradients. No gradients of their own, so no `weights`."""
    for decay, eps in ((1e-4, 1e-8), (0.1, 1e-8), (0.0, 1.0)):
        w = torch.nn.Parameter(draw(5))
        rate, betas = 1e-2, (0.5, 0.999)
        optimizer = torch.optim.Adam([w], lr=rate, betas=betas, eps=eps, weight_decay=decay)
        inputs, outputs = {"w": golden.packed(w)}, {}
        for i in (1, 2, 3):
            w.grad = draw(5, low=-0.5, high=0.5)
            inputs[f"g{i}"] = golden.packed(w.grad)
            optimizer.step()
            state = optimizer.state[w]
            for name, value in (("w", w), ("m", state["exp_avg"]), ("v", state["exp_avg_sq"])):
                outputs[f"{name}{i}"] = golden.packed(value)
        attrs = {"rate": rate, "betas": list(betas), "eps": eps, "decay": decay, "steps": 3}
        cases.append({"op": "adam", "attrs": attrs, "inputs": inputs, "outputs": outputs})


def main() -> int:
    for make in (convolutions, pads_and_sizes, norms, spectral, losses, activations, updates):
        make()
    made = f"python test/oracle/ops_golden.py, PyTorch {torch.__version__}, float64"
    path = golden.write("ops.json", [{"made by": made}, *cases], *sys.argv[1:2])
    print(f"{len(cases)} cases of {len({c['op'] for c in cases})} operations in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
