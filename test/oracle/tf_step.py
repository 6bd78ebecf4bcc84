"""U-GAT-IT's training step on TensorFlow, from given weights, pictures and draws, and what became of everything, by the caller's names.

    python tf_step.py INPUT.safetensors MAPPING.json OUTPUT.safetensors [--steps 3] [--report 1,3] [--dtype float64|float32] [--threads 1]
        [--kind published|patches]      how convolutions are computed: one mathematics, rounded in two orders (tf_nets.py: KINDS)
        [--perturb E --seeds S,S,...]   runs again for each seed, every parameter and u multiplied by 1 + E·normal (drift of rounding);
                                        the names of such a run begin with perturbed.S.
        [--losses-only]            nothing else is written
    python tf_step.py --jobs JOBS.json      a list of such lists of arguments, one run after the other

INPUT holds every name of the mapping's `parameters` and `state`, the pictures A.k, B.k (and A2.k, B2.k with `fresh_batch`) of step k as
[batch, 3, h, w], and the draws that the mapping's `samples` name, each with .k behind it.

MAPPING is JSON:
    { "config":     settings by the names of tf_nets.py: Config,
      "parameters": { OURS: { "name": VARIABLE, "split": [...], "axes": [...], "shape": [...] }, ... },
      "state":      the same for the spectral vectors u; "vector": "v" asks for the other one, which TensorFlow does not keep,
      "samples":    { "t_A", "t_B", and for dragan "noise_A", "noise_B": OUR NAME } }
  split  what to reshape ours to first; axes: how to transpose it to theirs; shape: theirs, where a reshape is left to do afterwards

OUTPUT, for each step k:  step.k.loss.TERM, and for each reported one (the first and the last unless told) .gradient.OURS (before weight decay),
.parameter.OURS, .moment1.OURS, .moment2.OURS, .state.OURS, and
    step.k.output.CALL.{image,logits,heatmap}    before the step, on its pictures A and B; CALL is one of AB.fake AB.same AB.cycle BA.fake
                                                 BA.same BA.cycle, named by the generator that ran: AB.cycle is AB(BA(b)), AB.same AB(b)
    step.k.output.NET.{patches,logits,heatmap}   the critic NET (disGA, disLA, ...) after the step, the spectral vectors at rest, on its domain's pictures

What the published graph leaves open and is fixed here: several evaluations of one spectral norm within a step (real, fake, point of
the penalty) each read what the one before left, in the order of this text. The update with eps_form hat is TensorFlow's own Adam.
"""

import argparse
import json
import sys
from typing import Any

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from tf_nets import KINDS, Config, Networks, Output, Weights

CRITICS = {"B": "discriminator_B", "A": "discriminator_A"}
KERNELS = ("kernel",)


def cross_entropy(x: tf.Tensor, label: float) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.fill(x.shape, tf.constant(label, x.dtype)), logits=x))


def critic_loss(gan: str, x: tf.Tensor, real: bool) -> tf.Tensor:
    if gan == "lsgan":
        return tf.reduce_mean(tf.square(x - 1.0 if real else x))
    if gan in ("gan", "dragan"):
        return cross_entropy(x, 1.0 if real else 0.0)
    if gan == "hinge":
        return tf.reduce_mean(tf.nn.relu(1.0 - x if real else 1.0 + x))
    if gan in ("wgan-gp", "wgan-lp"):
        return tf.reduce_mean(-x if real else x)
    raise ValueError(f"no adversarial loss {gan!r}")


def generator_loss(gan: str, x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(-x) if gan == "hinge" else critic_loss(gan, x, True)


class Adam:
    """eps_form "hat" is TensorFlow's own kernel (what tf.train.AdamOptimizer runs, its powers of beta in full precision); "corrected" is
    algorithm 1 of the paper, written out."""

    def __init__(self, config: Config, weights: Weights, names: list[str]):
        self.c, self.w, self.names, self.done = config, weights, names, 0
        self.m, self.v = ({name: tf.Variable(tf.zeros_like(weights.variables[name])) for name in names} for _ in "mv")

    def numbers(self) -> list[tf.Tensor]:
        """Counts an update; the powers of beta that it wants, in full precision."""
        self.done += 1
        dtype = self.w.variables[self.names[0]].dtype
        return [tf.constant(beta**self.done, dtype) for beta in self.c.betas]

    def update(self, gradients: dict[str, tf.Tensor], rate: tf.Tensor, powers: list[tf.Tensor]) -> None:
        for name in self.names:
            (self.by_kernel if self.c.eps_form == "hat" else self.by_paper)(name, gradients[name], rate, powers)
            if name.endswith("/rho"):
                self.w.variables[name].assign(tf.clip_by_value(self.w.variables[name], 0.0, 1.0))

    def by_kernel(self, name: str, gradient: tf.Tensor, rate: tf.Tensor, powers: list[tf.Tensor]) -> None:
        variable, (b1, b2) = self.w.variables[name], self.c.betas
        number = lambda x: tf.constant(x, variable.dtype)  # noqa: E731
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=self.m[name].handle, v=self.v[name].handle, grad=gradient, lr=rate, epsilon=number(self.c.eps),
            beta1=number(b1), beta2=number(b2), beta1_power=powers[0], beta2_power=powers[1],
        )

    def by_paper(self, name: str, gradient: tf.Tensor, rate: tf.Tensor, powers: list[tf.Tensor]) -> None:
        b1, b2 = self.c.betas
        m, v = self.m[name], self.v[name]
        m.assign(b1 * m + (1 - b1) * gradient)
        v.assign(b2 * v + (1 - b2) * tf.square(gradient))
        self.w.variables[name].assign_sub(rate * (m / (1 - powers[0])) / (tf.sqrt(v / (1 - powers[1])) + self.c.eps))

    def moments(self, name: str) -> list[tf.Tensor]:
        return [self.m[name], self.v[name]]


class Trainer:
    def __init__(self, config: Config, weights: Weights, kind: str = "published"):
        self.c, self.w, self.nets = config, weights, Networks(config, weights, kind)
        self.groups = {"discriminators": weights.under("discriminator_"), "generators": weights.under("generator_")}
        self.adam = {group: Adam(config, weights, names) for group, names in self.groups.items()}
        self.done = 0
        self.losses: dict[str, tf.Tensor] = {}
        self.gradients: dict[str, tf.Tensor] = {}
        self.phases = {"discriminators": tf.function(self.critics_phase), "generators": tf.function(self.generators_phase)}

    def begin(self, values: dict[str, Any]) -> None:
        """Step 1 again, from these values."""
        self.done = 0
        for name, variable in self.w.variables.items():
            variable.assign(values[name])
        for adam in self.adam.values():
            adam.done = 0
            for moment in [*adam.m.values(), *adam.v.values()]:
                moment.assign(tf.zeros_like(moment))

    def factor(self) -> float:
        """Of the rate: by the step (PyTorch), or by the epoch of `rate_held` steps (TensorFlow)."""
        c = self.c
        if not c.rate_held:
            return min(1.0, 2.0 - 2.0 * self.done / c.length)
        epochs, epoch = c.length / c.rate_held, (self.done - 1) // c.rate_held
        return 1.0 if epoch < epochs / 2 else (epochs - epoch) / (epochs / 2)

    def step(self, pictures: dict[str, tf.Tensor], draws: dict[str, tf.Tensor]) -> None:
        self.done += 1
        losses, gradients = {}, {}
        rests = (self.done - 1) % self.c.critic_steps != 0
        for group in ("discriminators",) if rests else ("discriminators", "generators"):
            rate = tf.constant(self.c.rate * self.factor(), pictures["A"].dtype)
            made = self.phases[group](pictures, draws, rate, self.adam[group].numbers())
            losses.update(made[0])
            gradients.update(made[1])
        self.losses, self.gradients = losses, gradients

    def critics_phase(self, pictures, draws, rate, powers):
        return self.run("discriminators", lambda: self.critics(pictures, draws), rate, powers)

    def generators_phase(self, pictures, draws, rate, powers):
        return self.run("generators", lambda: self.generators(pictures), rate, powers)

    def run(self, group: str, loss, rate: tf.Tensor, powers: list[tf.Tensor]) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """One phase: its losses, and its gradients before weight decay."""
        self.losses = {}
        names = self.groups[group]
        variables = [self.w.variables[name] for name in names]
        with tf.GradientTape() as tape:
            total = loss()
        plain = dict(zip(names, tape.gradient(total, variables, unconnected_gradients="zero")))
        kernels = [name for name in names if self.c.decay_on == "all" or name.split("/")[-1] in KERNELS]
        with tf.GradientTape() as tape:  # a regularizer: decay / 2 of the squared norm, added to the loss
            penalty = tf.add_n([self.c.decay * tf.nn.l2_loss(self.w.variables[name]) for name in kernels])
        whole = dict(plain)
        for name, g in zip(kernels, tape.gradient(penalty, [self.w.variables[name] for name in kernels])):
            whole[name] = whole[name] + g
        self.adam[group].update(whole, rate, powers)
        return self.losses, plain

    def add(self, term: str, value: tf.Tensor) -> tf.Tensor:
        self.losses[term] = self.losses.get(term, 0.0) + value
        return value

    def judge(self, x: tf.Tensor, domain: str, scale: str) -> Output:
        return self.nets.critic(x, f"{CRITICS[domain]}/{scale}", self.c.global_depth if scale == "global" else self.c.local_depth)

    def critics(self, pictures: dict[str, tf.Tensor], draws: dict[str, tf.Tensor]) -> tf.Tensor:
        c, total = self.c, 0.0
        real = {"A": pictures["A"], "B": pictures["B"]}
        fake = {"B": self.nets.generator(real["A"], "generator_B").main, "A": self.nets.generator(real["B"], "generator_A").main}
        for domain in "BA":
            made = tf.stop_gradient(fake[domain])  # the optimizer of this phase moves the critics alone
            for scale in ("global", "local"):
                seen, false = self.judge(real[domain], domain, scale), self.judge(made, domain, scale)
                for term, of in (("adversarial", "main"), ("cam", "logits")):
                    both = critic_loss(c.gan, getattr(seen, of), True) + critic_loss(c.gan, getattr(false, of), False)
                    total += self.add(f"discriminators.{term}", c.weights["adversarial"] * both)
            if c.gan in ("wgan-gp", "wgan-lp", "dragan"):
                total += self.add("discriminators.penalty", c.weights["penalty"] * self.penalty(real[domain], made, domain, draws))
        return total

    def penalty(self, real: tf.Tensor, fake: tf.Tensor, domain: str, draws: dict[str, tf.Tensor]) -> tf.Tensor:
        """On the patches and on the CAM logits of both critics, by the gradient of their sum at one point."""
        if self.c.gan == "dragan":
            _, variance = tf.nn.moments(real, [0, 1, 2, 3])
            fake = real + 0.5 * tf.sqrt(variance) * draws[f"noise_{domain}"]
        alpha = tf.reshape(draws[f"t_{domain}"], [-1, 1, 1, 1])
        point = real + alpha * (fake - real)
        total = 0.0
        for scale in ("global", "local"):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(point)
                seen = self.judge(point, domain, scale)
                sums = [tf.reduce_sum(seen.main), tf.reduce_sum(seen.logits)]
            for value in sums if self.c.penalty_on_cam else sums[:1]:
                slope = tf.norm(tf.reshape(tape.gradient(value, point), [point.shape[0], -1]), axis=1)
                short = tf.maximum(0.0, slope - 1.0) if self.c.gan == "wgan-lp" else slope - 1.0
                total += tf.reduce_mean(tf.square(short))
        return total

    def generators(self, pictures: dict[str, tf.Tensor]) -> tf.Tensor:
        c, total = self.c, 0.0
        again = "2" if c.fresh_batch else ""
        real = {domain: pictures[domain + again] for domain in "AB"}
        run = self.nets.generator
        fake = {"B": run(real["A"], "generator_B"), "A": run(real["B"], "generator_A")}
        for domain in "BA":
            source = "AB".replace(domain, "")
            go, back = f"generator_{domain}", f"generator_{source}"
            same = run(real[domain], go)
            for scale in ("global", "local"):
                seen = self.judge(fake[domain].main, domain, scale)
                value = generator_loss(c.gan, seen.main) + generator_loss(c.gan, seen.logits)
                total += self.add("generators.adversarial", c.weights["adversarial"] * value)
            cycle = tf.reduce_mean(tf.abs(run(fake[domain].main, back).main - real[source]))
            total += self.add("generators.cycle", c.weights["cycle"] * cycle)
            total += self.add("generators.identity", c.weights["identity"] * tf.reduce_mean(tf.abs(same.main - real[domain])))
            seen = cross_entropy(fake[domain].logits, 1.0) + cross_entropy(same.logits, 0.0)
            total += self.add("generators.cam", c.weights["cam"] * seen)
        return total


class Place:
    """Between a tensor of ours and a variable of theirs."""

    def __init__(self, entry: dict[str, Any], ours: tuple[int, ...]):
        unknown = set(entry) - {"name", "split", "axes", "shape", "vector"}
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)} in the mapping")
        self.name, self.ours, self.vector = entry["name"], ours, entry.get("vector", "u")
        self.split = tuple(entry.get("split", ours))
        self.axes = entry.get("axes", list(range(len(self.split))))
        self.between = tuple(self.split[a] for a in self.axes)
        self.theirs = tuple(entry.get("shape", self.between))

    def inward(self, x: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(x.reshape(self.split).transpose(self.axes)).reshape(self.theirs)

    def outward(self, x: Any) -> np.ndarray:
        return np.ascontiguousarray(np.asarray(x).reshape(self.between).transpose(np.argsort(self.axes))).reshape(self.ours)


def generate(trainer: Trainer, pictures: dict[str, tf.Tensor], tell) -> None:
    """What the generators make of a step's pictures."""
    run, a, b = trainer.nets.generator, pictures["A"], pictures["B"]
    ab, ba = "generator_B", "generator_A"
    fake_b, fake_a = run(a, ab), run(b, ba)
    made = {"AB.fake": fake_b, "BA.fake": fake_a, "BA.cycle": run(fake_b.main, ba), "AB.cycle": run(fake_a.main, ab), "AB.same": run(b, ab), "BA.same": run(a, ba)}
    for call, output in made.items():
        tell(call, output)


class Trainers:
    """The last one is kept: making its graphs takes as long as some hundred steps, and a list of jobs asks for the same ones again."""

    def __init__(self):
        self.key, self.last = None, None

    def get(self, mapping: dict[str, Any], values: dict[str, Any], dtype: tf.DType, kind: str) -> Trainer:
        key = json.dumps([mapping["config"], dtype.name, kind, {name: x.shape for name, x in values.items()}])
        if key != self.key:
            self.key, self.last = key, Trainer(Config.of(**mapping["config"]), Weights(values, dtype), kind)
        return self.last


def run(args: argparse.Namespace, trainers: Trainers) -> dict[str, np.ndarray]:
    mapping = json.load(open(args.mapping))
    given = load_file(args.input)
    dtype = tf.as_dtype(args.dtype)
    parameters = {ours: Place(entry, given[ours].shape) for ours, entry in mapping["parameters"].items()}
    state = {ours: Place(entry, given[ours].shape) for ours, entry in mapping["state"].items()}
    owned = [*parameters.items(), *((ours, place) for ours, place in state.items() if place.vector == "u")]

    def begun(seed: int | None) -> dict[str, np.ndarray]:
        random = np.random.default_rng(seed)
        shaken = lambda x: x if seed is None else x * (1 + args.perturb * random.standard_normal(x.shape))  # noqa: E731
        return {place.name: place.inward(shaken(given[ours])) for ours, place in owned}

    trainer = trainers.get(mapping, begun(None), dtype, args.kind)
    weights = trainer.w
    results: dict[str, np.ndarray] = {}
    reported = {int(k) for k in args.report.split(",")} if args.report else {1, args.steps}

    def picture(name: str, step: int) -> tf.Tensor:
        return tf.constant(given[f"{name}.{step}"].transpose(0, 2, 3, 1), dtype)

    def draw(kind: str, name: str, step: int) -> tf.Tensor:
        x = given[f"{name}.{step}"]
        return tf.constant(x.transpose(0, 2, 3, 1) if kind.startswith("noise") else x, dtype)

    def put(begin: str, call: str, main: str, made: Output) -> None:
        results[f"{begin}.output.{call}.{main}"] = made.main.numpy().transpose(0, 3, 1, 2)
        results[f"{begin}.output.{call}.logits"] = made.logits.numpy()
        results[f"{begin}.output.{call}.heatmap"] = made.heatmap.numpy()

    seeds = [int(seed) for seed in args.seeds.split(",") if seed]
    # Making a graph costs as much as a dozen steps without one.
    tf.config.run_functions_eagerly(args.steps * (1 + len(seeds)) < 12)
    for seed, step in ((seed, step) for seed in (None, *seeds) for step in range(1, args.steps + 1)):
        begin = f"step.{step}" if seed is None else f"perturbed.{seed}.step.{step}"
        if step == 1:
            trainer.begin(begun(seed))
        pictures = {name: picture(name, step) for name in ("A", "B", "A2", "B2") if f"{name}.{step}" in given}
        full = step in reported and not args.losses_only
        if full:
            generate(trainer, pictures, lambda call, made: put(begin, call, "image", made))
        trainer.step(pictures, {kind: draw(kind, name, step) for kind, name in mapping.get("samples", {}).items()})
        for term, value in trainer.losses.items():
            results[f"{begin}.loss.{term}"] = np.asarray(value)
        if step == 1 and weights.unused():
            raise ValueError(f"the networks have no use for {', '.join(weights.unused())}")
        if not full:
            continue
        trainer.nets.resting = True
        for domain in "AB":
            for scale in ("global", "local"):
                put(begin, f"dis{scale[0].upper()}{domain}", "patches", trainer.judge(pictures[domain], domain, scale))
        trainer.nets.resting = False
        for ours, place in parameters.items():
            group = "generators" if place.name.startswith("generator_") else "discriminators"
            results[f"{begin}.parameter.{ours}"] = place.outward(weights.variables[place.name])
            if place.name in trainer.gradients:
                results[f"{begin}.gradient.{ours}"] = place.outward(trainer.gradients[place.name])
            for i, moment in enumerate(trainer.adam[group].moments(place.name), 1):
                results[f"{begin}.moment{i}.{ours}"] = place.outward(moment)
        for ours, place in state.items():
            vector = weights.variables[place.name] if place.vector == "u" else trainer.nets.v[place.name.removesuffix("/u")]
            results[f"{begin}.state.{ours}"] = place.outward(vector)
    save_file({name: np.ascontiguousarray(x) for name, x in results.items()}, args.output, {"made by": f"test/oracle/tf_step.py, TensorFlow {tf.__version__}"})
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("mapping")
    parser.add_argument("output")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--report", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--perturb", type=float, default=0.0)
    parser.add_argument("--seeds", default="")
    parser.add_argument("--losses-only", action="store_true")
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    parser.add_argument("--kind", choices=[*KINDS], default="published")
    if sys.argv[1:2] == ["--jobs"]:
        jobs = [parser.parse_args(job) for job in json.load(open(sys.argv[2]))]
    else:
        jobs = [parser.parse_args()]
    # One thread: with more, the order of sums differs from run to run.
    tf.config.threading.set_intra_op_parallelism_threads(jobs[0].threads)
    tf.config.threading.set_inter_op_parallelism_threads(jobs[0].threads)
    trainers = Trainers()
    for args in jobs:
        try:
            run(args, trainers)
        except (ValueError, KeyError, OSError) as problem:
            print(f"tf_step: {args.input}: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
