"""Runs U-GAT-IT's PyTorch step from given weights and batches, and writes what became of everything, by the caller's names.

    python step_oracle.py INPUT.safetensors MAPPING.json OUTPUT.safetensors
        [--steps N] [--report K,K,...] [--dtype float64|float32] [--kind published|tuned] [--threads 2]
        [--perturb E --seed S]        multiplies every parameter and state by 1 + E·normal first (drift of rounding)
        [--no-outputs] [--no-moments] [--no-gradients]     leave these out of OUTPUT
    python step_oracle.py --jobs JOBS.json          a list of such lists of arguments, one run after the other

INPUT holds, in F64 or F32:
    A, B                    the batch of both domains, [batch, 3, h, w]: the same at every step; or [steps, batch, 3, h, w]
    A.k, B.k                (k from 1) the batch of step k: goes before the above
    every name in the mapping's `parameters` and `state`

MAPPING is JSON:
    { "config":     { "size": 64, "ch": 8, "blocks": 1, "global_depth": 6, "decoder_norm": {"name": "GN", "groups": 4}, ... },
      "parameters": { "AB.stem.weight": { "net": "genA2B", "key": "DownBlock.1.weight" }, ... },
      "state":      { "DA.0.conv.u":    { "net": "disGA",  "key": "model.1.weight_u" }, ... } }
  config       the params of specs/ugatit.gan by their names, and rate, betas, eps, decay, length, smooth (ugatit_nets.py: Config);
               what it leaves out has the spec's default
  net          genA2B genB2A disGA disGB disLA disLB, the published checkpoint's names; key: that of its state dict
               (a spectrally normalised weight is X.weight_orig)
  permute      optional: the order in which to take *our* axes, before anything else
  shape        optional: "same" (default; the shapes must be equal) or "reshape" (equal number of elements, rows in order):
               our vector[C] against their [1, C] or [1, C, 1, 1]
Every parameter and buffer of the six networks must be named once, but for those a `"missing": [ {net, key}, ... ]` lists: they keep
torch's initial value under `--seed`. A name, key or shape that does not fit is an error that says which.

OUTPUT, for each reported step k (default 1, 3, 20 as far as there are, and the last; losses: every step):
    step.k.loss.TERM                  discriminators.adversarial, discriminators.cam, generators.adversarial, generators.cycle,
                                      generators.identity, generators.cam: weighted, both directions summed; absent if the spec has no such term
    step.k.gradient.NAME              by our name and in our shape, before weight decay: the critics' of their phase, the generators' of theirs
    step.k.parameter.NAME             after the step
    step.k.state.NAME                 u and v after the step (each advanced three times)
    step.k.moment1.NAME, .moment2.NAME
    step.k.output.CALL.image|logits|heatmap    with CALL one of AB.fake AB.same AB.cycle BA.fake BA.same BA.cycle, named by the
                                      generator that ran: AB.cycle is AB(BA(b).image), AB.same is AB(b); heatmap is [batch, h, w]
    step.k.output.NET.patches|logits|heatmap   the critic NET (disGA ...) after the step, in eval mode (u and v at rest), on its domain's pictures
The metadata say the versions, the config and the arguments.
"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ugatit import CRITICS, Config, Trainer
from ugatit_nets import Output


class Mapping:
    """One of our names and the tensor of PyTorch's that it stands for."""

    def __init__(self, name: str, entry: dict[str, Any], nets: dict[str, torch.nn.Module]):
        unknown = set(entry) - {"net", "key", "shape", "permute"}
        if unknown:
            raise ValueError(f"{name}: unknown mapping fields {sorted(unknown)}")
        self.name, self.net, self.key = name, entry["net"], entry["key"]
        self.permute, self.shape = entry.get("permute"), entry.get("shape", "same")
        if self.shape not in ("same", "reshape"):
            raise ValueError(f"{name}: shape must be 'same' or 'reshape', not {self.shape!r}")
        if self.net not in nets:
            raise ValueError(f"{name}: no network {self.net!r}; there are {sorted(nets)}")
        tensors = nets[self.net].state_dict()
        if self.key not in tensors:
            raise ValueError(f"{name}: {self.net} has no {self.key!r}; it has {sorted(tensors)}")
        self.theirs: torch.Size = tensors[self.key].shape
        self.ours: torch.Size | None = None  # after the permutation

    def inward(self, x: Tensor) -> Tensor:
        y = x.permute(self.permute) if self.permute else x
        self.ours = y.shape
        if self.shape == "same" and y.shape != self.theirs or y.numel() != self.theirs.numel():
            raise ValueError(f"{self.name}: {list(x.shape)} does not fit {self.net}.{self.key} {list(self.theirs)}")
        return y.reshape(self.theirs)

    def outward(self, x: Tensor) -> Tensor:
        y = x.detach().reshape(self.ours)
        if self.permute:
            y = y.permute([self.permute.index(axis) for axis in range(len(self.permute))])
        return y.contiguous().clone()


def read_mapping(mapping: dict[str, Any], trainer: Trainer) -> tuple[list[Mapping], list[Mapping]]:
    unknown = set(mapping) - {"config", "parameters", "state", "missing"}
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)} in the mapping")
    parameters = [Mapping(name, entry, trainer.nets) for name, entry in mapping["parameters"].items()]
    state = [Mapping(name, entry, trainer.nets) for name, entry in mapping.get("state", {}).items()]
    named = [(m.net, m.key) for m in parameters + state]
    twice = sorted({key for key in named if named.count(key) > 1})
    if twice:
        raise ValueError(f"mapped more than once: {twice}")
    excused = {(entry["net"], entry["key"]) for entry in mapping.get("missing", [])}
    wanted = {(name, key) for name, net in trainer.nets.items() for key in net.state_dict()}
    missing = sorted(wanted - set(named) - excused)
    if missing:
        raise ValueError("the mapping leaves out " + ", ".join(f"{net}.{key}" for net, key in missing))
    for m in parameters:
        if m.key not in dict(trainer.nets[m.net].named_parameters()):
            raise ValueError(f"{m.name}: {m.net}.{m.key} is state, not a parameter")
    for m in state:
        if m.key not in dict(trainer.nets[m.net].named_buffers()):
            raise ValueError(f"{m.name}: {m.net}.{m.key} is a parameter, not state")
    return parameters, state


def batch(tensors: dict[str, Tensor], domain: str, step: int, dtype: torch.dtype) -> Tensor:
    found = tensors.get(f"{domain}.{step}")
    if found is None:
        found = tensors.get(domain)
        if found is None:
            raise ValueError(f"the input has neither {domain}.{step} nor {domain}")
        if found.dim() == 5:
            if step > len(found):
                raise ValueError(f"{domain} holds {len(found)} batches, step {step} wants one more")
            found = found[step - 1]
    if found.dim() != 4 or found.shape[1] != 3:
        raise ValueError(f"the batch {domain} of step {step} has shape {list(found.shape)}, not [batch, 3, h, w]")
    return found.to(dtype)


def report(trainer: Trainer, step: int, pictures: dict[str, Tensor], parameters: list[Mapping], state: list[Mapping], leave_out: set[str]):
    """Everything but the losses, by the names of the output; `pictures` by domain, A and B."""
    nets = trainer.nets
    for m in parameters:
        yield f"step.{step}.parameter.{m.name}", m.outward(nets[m.net].get_parameter(m.key))
        if "gradients" not in leave_out:
            yield f"step.{step}.gradient.{m.name}", m.outward(trainer.gradients[m.net][m.key])
        if "moments" not in leave_out:
            for i, moment in enumerate(trainer.moments(m.net, m.key), 1):
                yield f"step.{step}.moment{i}.{m.name}", m.outward(moment)
    for m in state:
        yield f"step.{step}.state.{m.name}", m.outward(nets[m.net].get_buffer(m.key))
    if "outputs" not in leave_out:
        calls = [(call, "image", output) for call, output in trainer.outputs.items()]
        calls += [(name, "patches", judged(nets[name], pictures[name[-1]])) for name in CRITICS]
        for call, main, output in calls:
            yield f"step.{step}.output.{call}.{main}", output.main.detach().contiguous().clone()
            if output.logits is not None:
                yield f"step.{step}.output.{call}.logits", output.logits.detach().contiguous().clone()
                yield f"step.{step}.output.{call}.heatmap", output.heatmap.detach().squeeze(1).contiguous().clone()


def judged(critic: torch.nn.Module, pictures: Tensor) -> Output:
    """In eval mode torch's spectral norm leaves u and v as they are."""
    critic.eval()
    with torch.no_grad():
        output = critic(pictures)
    critic.train()
    return output


def run(args: argparse.Namespace) -> dict[str, Tensor]:
    torch.manual_seed(args.seed)
    dtype = getattr(torch, args.dtype)
    with open(args.mapping) as file:
        mapping = json.load(file)
    with safe_open(args.input, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    config = Config.of(**mapping.get("config", {}))
    trainer = Trainer(config, args.kind, keep_gradients=True, dtype=dtype)
    parameters, state = read_mapping(mapping, trainer)

    with torch.no_grad():
        for m in parameters + state:
            if m.name not in tensors:
                raise ValueError(f"the input has no {m.name}")
            value = m.inward(tensors[m.name]).to(torch.float64)
            if args.perturb:
                value = value * (1 + args.perturb * torch.randn_like(value))
            trainer.nets[m.net].state_dict(keep_vars=True)[m.key].copy_(value)

    default = {k for k in (1, 3, 20) if k <= args.steps}
    reported = {int(k) for k in args.report.split(",")} if args.report else default
    reported.add(args.steps)
    leave_out = {part for part in ("outputs", "moments", "gradients") if getattr(args, f"no_{part}")}
    results: dict[str, Tensor] = {}
    for step in range(1, args.steps + 1):
        pictures = {domain: batch(tensors, domain, step, dtype) for domain in "AB"}
        losses = trainer.step(pictures["A"], pictures["B"])
        for term, value in losses.items():
            results[f"step.{step}.loss.{term}"] = value.clone()
        if step in reported:
            results.update(report(trainer, step, pictures, parameters, state, leave_out))
    metadata = {
        "made by": "test/oracle/step_oracle.py, PyTorch " + torch.__version__,
        "config": json.dumps(asdict(config)),
        "arguments": json.dumps({k: v for k, v in vars(args).items() if k not in ("input", "mapping", "output")}),
    }
    save_file(results, args.output, metadata)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("mapping")
    parser.add_argument("output")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--report", default="")
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    parser.add_argument("--kind", choices=["published", "tuned"], default="published")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--perturb", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    for part in ("outputs", "moments", "gradients"):
        parser.add_argument(f"--no-{part}", action="store_true")
    if sys.argv[1:2] == ["--jobs"]:
        with open(sys.argv[2]) as file:
            jobs = [parser.parse_args(job) for job in json.load(file)]
    else:
        jobs = [parser.parse_args()]
    for args in jobs:
        torch.set_num_threads(args.threads)
        try:
            results = run(args)
        except (ValueError, KeyError, OSError) as problem:
            print(f"step_oracle: {args.input}: {problem}", file=sys.stderr)
            return 1
        for name, value in results.items():
            if ".loss." in name:
                print(f"{name} = {value.item()!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
