"""U-GAT-IT's training step in the dialect of its PyTorch code, twice (gans.md sections 1.6-1.11, field-notes.md).

`published` does what the authors' code does, waste included: the critics' loss runs back through the generators (those
gradients are zeroed later), and the two fakes are computed twice. `tuned` is the same mathematics as a skilled user of
PyTorch would run it. Both give the same numbers but for rounding:

    python ugatit.py          checks that, and the published counts of parameters and of keys

Loss terms have the names of specs/ugatit.gan.
"""

import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ugatit_nets import Config, Discriminator, Generator, Output, make_networks

GENERATORS = ("genA2B", "genB2A")
CRITICS = ("disGA", "disGB", "disLA", "disLB")


def towards(x: Tensor, target: float) -> Tensor:
    """Least squares to a constant, mean over everything."""
    return F.mse_loss(x, torch.full_like(x, target))


def cross_entropy(logits: Tensor, target: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


class Trainer:
    """Six networks, Adam for the generators and Adam for the critics.

    After `step`, `losses` holds each term of the step (weighted, both directions summed), `outputs` the generators' outputs, and
    `gradients[net][key]` what each parameter's update saw (before weight decay) if `keep_gradients` is set.
    """

    def __init__(self, config: Config, kind: str = "published", keep_gradients: bool = False, dtype=torch.float32):
        if kind not in ("published", "tuned"):
            raise ValueError(f"no step called {kind!r}: published or tuned")
        self.config, self.kind, self.keep_gradients = config, kind, keep_gradients
        self.nets = {name: net.to(dtype) for name, net in make_networks(config).items()}
        self.done = 0
        self.losses: dict[str, Tensor] = {}
        self.outputs: dict[str, Output] = {}
        self.gradients: dict[str, dict[str, Tensor]] = {}
        # One optimizer a domain for the critics in `tuned`: Adam treats each parameter by itself, so this changes nothing.
        groups = [("disGB", "disLB"), ("disGA", "disLA")] if kind == "tuned" else [CRITICS]
        self.critic_optimizers = [self.adam(names) for names in groups]
        self.generator_optimizer = self.adam(GENERATORS)

    def adam(self, names: tuple[str, ...]) -> torch.optim.Adam:
        """Adam as published: coupled weight decay on every parameter, biases and rho too."""
        c = self.config
        parameters = [p for name in names for p in self.nets[name].parameters()]
        eps = 1.0 if c.smooth else c.eps
        fused = {"fused": True} if self.kind == "tuned" else {}
        optimizer = torch.optim.Adam(parameters, lr=c.rate, betas=c.betas, eps=eps, weight_decay=c.decay, **fused)
        optimizer.names = names
        return optimizer

    # ------------------------------------------------------------------------------------------------- one step

    def step(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        self.done += 1
        self.losses, self.outputs, self.gradients = {}, {}, {}
        for optimizer in [*self.critic_optimizers, self.generator_optimizer]:
            for group in optimizer.param_groups:
                group["lr"] = self.config.rate * self.schedule()
        (self.published if self.kind == "published" else self.tuned)(a, b)
        return self.losses

    def schedule(self) -> float:
        """Constant for half of the length, then linear to 0 (closed form of the authors' decrements; steps count from 1)."""
        length = self.config.length
        return 1.0 if length is None else min(1.0, 2.0 - 2.0 * self.done / length)

    def published(self, a: Tensor, b: Tensor) -> None:
        ab, ba = self.nets["genA2B"], self.nets["genB2A"]
        (optimizer,) = self.critic_optimizers

        optimizer.zero_grad()
        fake_b, fake_a = ab(a).main, ba(b).main  # not detached
        reals = {name: self.nets[name](a if name[-1] == "A" else b) for name in CRITICS}
        fakes = {name: self.nets[name](fake_a if name[-1] == "A" else fake_b) for name in CRITICS}
        total = sum(self.critic_loss(reals[name], fakes[name]) for name in CRITICS)
        total.backward()
        self.update(optimizer)

        self.generator_optimizer.zero_grad()
        self.outputs["AB.fake"], self.outputs["BA.fake"] = to_b, to_a = ab(a), ba(b)  # again
        self.outputs["BA.cycle"], self.outputs["AB.cycle"] = ba(to_b.main), ab(to_a.main)
        self.outputs["BA.same"], self.outputs["AB.same"] = ba(a), ab(b)
        total = 0.0
        for name in CRITICS:
            total = total + self.adversarial_loss(self.nets[name](to_a.main if name[-1] == "A" else to_b.main))
        for go, back, source, target in (("AB", "BA", a, b), ("BA", "AB", b, a)):
            fake, same, cycle = (self.outputs[key] for key in (f"{go}.fake", f"{go}.same", f"{back}.cycle"))
            total = total + self.cycle_loss(cycle, source) + self.identity_loss(same, target)
            total = total + self.cam_loss(fake, 1.0) + self.cam_loss(same, 0.0)
        total.backward()
        self.update(self.generator_optimizer)
        self.clip_rho()

    def tuned(self, a: Tensor, b: Tensor) -> None:
        """Direction by direction. The fake is computed once: detached for its critics, and its graph kept for the generators'
        phase (whose generators have not changed since). There its image is a leaf, so each term's graph is freed by its own
        backward, and what the terms ask of the image goes back through the generator once, at the end."""
        directions = [("AB", "BA", a, b, "B"), ("BA", "AB", b, a, "A")]
        generators = {"AB": self.nets["genA2B"], "BA": self.nets["genB2A"]}
        self.generator_optimizer.zero_grad(set_to_none=True)
        for optimizer, (go, back, source, target, domain) in zip(self.critic_optimizers, directions):
            critics = [self.nets["disG" + domain], self.nets["disL" + domain]]
            fake = self.outputs[f"{go}.fake"] = generators[go](source)
            image = fake.main.detach()

            optimizer.zero_grad(set_to_none=True)
            for critic in critics:
                self.critic_loss(critic(target), critic(image)).backward()
            self.update(optimizer)
            optimizer.zero_grad(set_to_none=True)  # frees them
            freeze(critics, True)

            same = generators[go](target)
            self.outputs[f"{go}.same"] = Output(*(x if x is None else x.detach() for x in same))
            (self.identity_loss(same, target) + self.cam_loss(same, 0.0)).backward()
            del same

            image.requires_grad_(True)
            for critic in critics:
                self.adversarial_loss(critic(image)).backward()
            cycle = generators[back](image)
            self.outputs[f"{back}.cycle"] = Output(*(x if x is None else x.detach() for x in cycle))
            self.cycle_loss(cycle, source).backward()
            del cycle
            loss = self.cam_loss(fake, 1.0)
            if isinstance(loss, Tensor):
                torch.autograd.backward([fake.main, loss], [image.grad, None])
            else:
                fake.main.backward(image.grad)
            self.outputs[f"{go}.fake"] = Output(*(x if x is None else x.detach() for x in fake))
            del fake, image, loss
            freeze(critics, False)
        self.update(self.generator_optimizer)
        self.clip_rho()

    # ----------------------------------------------------------------------------------------------- loss terms

    def add(self, term: str, value: Tensor) -> Tensor:
        self.losses[term] = self.losses.get(term, 0.0) + value.detach()
        return value

    def critic_loss(self, real: Output, fake: Output) -> Tensor:
        weight = self.config.weights["adversarial"]
        value = weight * (towards(real.main, 1.0) + towards(fake.main, 0.0))
        total = self.add("discriminators.adversarial", value)
        if real.logits is not None:
            value = weight * (towards(real.logits, 1.0) + towards(fake.logits, 0.0))
            total = total + self.add("discriminators.cam", value)
        return total

    def adversarial_loss(self, seen: Output) -> Tensor:
        value = towards(seen.main, 1.0)
        if seen.logits is not None:
            value = value + towards(seen.logits, 1.0)
        return self.add("generators.adversarial", self.config.weights["adversarial"] * value)

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(x, y) if self.config.smooth else F.l1_loss(x, y)

    def cycle_loss(self, cycle: Output, source: Tensor) -> Tensor:
        return self.add("generators.cycle", self.config.weights["cycle"] * self.distance(cycle.main, source))

    def identity_loss(self, same: Output, target: Tensor) -> Tensor:
        return self.add("generators.identity", self.config.weights["identity"] * self.distance(same.main, target))

    def cam_loss(self, seen: Output, target: float) -> Tensor | float:
        if seen.logits is None:
            return 0.0
        return self.add("generators.cam", self.config.weights["cam"] * cross_entropy(seen.logits, target))

    # --------------------------------------------------------------------------------------------------- updates

    def update(self, optimizer: torch.optim.Adam) -> None:
        if self.keep_gradients:
            for name in optimizer.names:
                parameters = self.nets[name].named_parameters()
                self.gradients[name] = {key: p.grad.detach().clone() for key, p in parameters}
        optimizer.step()

    def clip_rho(self) -> None:
        """RhoClipper(0, 1), after the generators' step only (gans.md 1.2)."""
        with torch.no_grad():
            for name in GENERATORS:
                for module in self.nets[name].modules():
                    if isinstance(getattr(module, "rho", None), nn.Parameter):
                        module.rho.clamp_(*module.range)

    def moments(self, name: str, key: str) -> tuple[Tensor, Tensor]:
        """Adam's two moments of one parameter."""
        parameter = self.nets[name].get_parameter(key)
        for optimizer in [*self.critic_optimizers, self.generator_optimizer]:
            if parameter in optimizer.state:
                state = optimizer.state[parameter]
                return state["exp_avg"], state["exp_avg_sq"]
        raise KeyError(f"{name}.{key} has not been updated")


def freeze(nets: list[nn.Module], frozen: bool) -> None:
    for net in nets:
        net.requires_grad_(not frozen)


# ------------------------------------------------------------------------------------------------------ self-check


def count(make: Callable[[], nn.Module]) -> tuple[int, int]:
    """(trained parameters, keys of the state dict), without memory for the weights."""
    with torch.device("meta"):
        net = make()
    return sum(p.numel() for p in net.parameters()), len(net.state_dict())


def published_counts() -> dict[str, tuple[int, int]]:
    return {
        "generator light": count(lambda: Generator(Config())),
        "generator full": count(lambda: Generator(Config(light=False))),
        "critic global": count(lambda: Discriminator(Config(), 7)),
        "critic local": count(lambda: Discriminator(Config(), 5)),
    }


# From runs of the published code (gans.md 1.12, 1.14).
FACTS = {
    "generator light": (10_589_888, 44),
    "generator full": (278_959_808, 44),
    "critic global": (53_130_176, 35),
    "critic local": (3_290_560, 27),
}


def worst_difference(first: Trainer, second: Trainer) -> float:
    """Largest difference of any parameter or buffer, relative to the largest entry of its tensor."""
    worst = 0.0
    for name, net in first.nets.items():
        other = second.nets[name].state_dict()
        for key, value in net.state_dict().items():
            worst = max(worst, ((value - other[key]).abs().max() / value.abs().max().clamp_min(1e-30)).item())
    return worst


def compare_kinds(steps: int = 3, **settings) -> float:
    """Published against tuned in double precision from equal weights (Adam's eps is raised: see the comment)."""
    # With eps 1e-8 an entry whose gradient is rounding noise moves by the full rate, in a direction that is noise too.
    config = Config.of(**{"size": 32, "ch": 4, "blocks": 1, "global_depth": 5, "local_depth": 4, "eps": 1e-2, **settings})
    torch.manual_seed(0)
    first = Trainer(config, "published", dtype=torch.float64)
    second = Trainer(config, "tuned", dtype=torch.float64)
    for name, net in second.nets.items():
        net.load_state_dict(first.nets[name].state_dict())
    worst = 0.0
    for _ in range(steps):
        a, b = (torch.rand(2, 3, config.size, config.size, dtype=torch.float64) * 2 - 1 for _ in "ab")
        one, two = first.step(a, b), second.step(a, b)
        assert list(sorted(one)) == list(sorted(two)), (one, two)
        worst = max([worst, *(abs(one[k] - two[k]).item() / abs(one[k]).item() for k in one)])
    return max(worst, worst_difference(first, second))


VARIANTS = {
    "base": {},
    "full": {"light": False},
    "without_cam": {"generator_head": "Plain", "discriminator_head": "Plain"},
    "without_g_cam": {"generator_head": "Plain"},
    "without_d_cam": {"discriminator_head": "Plain"},
    "norm_in": {"decoder_norm": "IN", "upsample_norm": "IN"},
    "norm_ln": {"decoder_norm": "LN", "upsample_norm": "LN"},
    "norm_adain": {"decoder_norm": "AdaIN", "upsample_norm": "IN"},
    "norm_gn": {"decoder_norm": {"name": "GN", "groups": 4}, "upsample_norm": {"name": "GN", "groups": 4}},
    "smooth": {"smooth": True},
}


def main() -> int:
    torch.set_num_threads(1)  # two threads that share a busy core wait for each other: minutes for seconds
    failures = 0
    for name, found in published_counts().items():
        ok = found == FACTS[name]
        failures += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {name}: {found[0]:,} parameters, {found[1]} keys")
    for name, settings in VARIANTS.items():
        worst = compare_kinds(**settings)
        ok = worst < 1e-10
        failures += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {name}: published and tuned differ by {worst:.1e} after 3 steps")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
