"""U-GAT-IT's networks on TensorFlow, in the layout and by the variable names of its TensorFlow code (gans.md section 2), written from facts,
never copied. Every difference of the two published codes is a setting by itself (Config); its defaults are the PyTorch code's, so that one
setting alone, or all of them, can be held against our compiler's.

Pictures are NHWC, kernels HWIO, dense kernels [in, out]. Weights come from outside (Weights): nothing is drawn here.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import tensorflow as tf


@dataclass
class Config:
    """Settings by the names of specs/ugatit.gan; pads are (top, bottom, left, right)."""

    size: int = 256
    ch: int = 64
    blocks: int = 4
    global_depth: int = 7
    local_depth: int = 5
    light: bool = True
    biases: bool = False
    affine: bool = False
    unbiased: bool = True
    smoothing: float = 0.0
    down_pad: tuple[int, int, int, int] = (1, 1, 1, 1)
    style_width: int | None = None
    channels_last: bool = False
    shared_classifier: bool = False
    classifier_bias: bool = False
    spectral_scale: bool = False
    critic_weight: str = "spectral"
    critic_pad: tuple[int, int, int, int] = (1, 1, 1, 1)
    patch_bias: bool | None = None
    gan: str = "lsgan"  # lsgan, gan, hinge, wgan-gp, wgan-lp, dragan
    penalty_on_cam: bool = True
    critic_steps: int = 1
    fresh_batch: bool = False
    decay: float = 1e-4
    decay_on: str = "all"
    eps_form: str = "corrected"
    rate_held: int = 0
    rate: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.999)
    eps: float = 1e-8
    length: int = 1_000_000
    weights: dict[str, float] = field(
        default_factory=lambda: {"adversarial": 1.0, "cycle": 10.0, "identity": 10.0, "cam": 1000.0, "penalty": 10.0}
    )

    @classmethod
    def of(cls, **given: Any) -> "Config":
        unknown = set(given) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}; known: {sorted(cls.__dataclass_fields__)}")
        return cls(**given)


class Weights:
    """The variables of all networks by their names. A name that is asked for and not there is an error; so is one nobody asks for."""

    def __init__(self, values: dict[str, Any], dtype: tf.DType):
        self.variables = {name: tf.Variable(value, dtype=dtype, name=name) for name, value in values.items()}
        self.asked: set[str] = set()

    def __call__(self, name: str) -> tf.Variable:
        if name not in self.variables:
            raise ValueError(f"the network has a variable {name}, the mapping has not")
        self.asked.add(name)
        return self.variables[name]

    def under(self, scope: str) -> list[str]:
        """Trained variables: all but the spectral vectors."""
        return [name for name in self.variables if name.startswith(scope) and name.split("/")[-1] != "u"]

    def matrices(self) -> dict[str, tf.Tensor]:
        """By scope, the kernels that have a spectral vector u, as matrices."""
        scopes = [name.removesuffix("/u") for name in self.variables if name.endswith("/u")]
        kernels = {scope: self.variables[f"{scope}/kernel"] for scope in scopes}
        return {scope: tf.reshape(kernel, [-1, kernel.shape[-1]]) for scope, kernel in kernels.items()}

    def unused(self) -> list[str]:
        return sorted(set(self.variables) - self.asked)


class Output(NamedTuple):
    """An image or patches, the two logits, and the heatmap."""

    main: tf.Tensor
    logits: tf.Tensor
    heatmap: tf.Tensor


def reflect(x: tf.Tensor, pads: tuple[int, int, int, int]) -> tf.Tensor:
    top, bottom, left, right = pads
    return tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]], mode="REFLECT")


def moments(x: tf.Tensor, axes: list[int], unbiased: bool) -> tuple[tf.Tensor, tf.Tensor]:
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    if unbiased:
        count = 1.0
        for axis in axes:
            count *= x.shape[axis]
        variance = variance * (count / (count - 1.0))
    return mean, variance


def convolution(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    return tf.nn.conv2d(x, kernel, stride, "VALID")


def by_patches(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """The same sums in another order: a matrix of what the kernel sees at each place, times the kernel as a matrix."""
    height, width, _, channels = kernel.shape
    seen = tf.image.extract_patches(x, [1, height, width, 1], [1, stride, stride, 1], [1, 1, 1, 1], "VALID")
    y = tf.matmul(tf.reshape(seen, [-1, seen.shape[-1]]), tf.reshape(kernel, [-1, channels]))
    return tf.reshape(y, [*seen.shape[:-1], channels])


# One mathematics, rounded in different orders.
KINDS = {"published": convolution, "patches": by_patches}


class Networks:
    def __init__(self, config: Config, weights: Weights, kind: str = "published"):
        self.c, self.w, self.convolve = config, weights, KINDS[kind]
        # The other vector of each spectral norm, as its last evaluation left it.
        self.v = {scope: tf.Variable(tf.zeros([1, matrix.shape[0]], matrix.dtype)) for scope, matrix in weights.matrices().items()}
        self.resting = False  # the spectral vectors stay as the last evaluation left them

    # ------------------------------------------------------------------------------------------------ layers

    def conv(self, x: tf.Tensor, scope: str, stride: int, pads: tuple[int, int, int, int], bias: bool) -> tf.Tensor:
        y = self.convolve(reflect(x, pads), self.w(f"{scope}/conv2d/kernel"), stride)
        return tf.nn.bias_add(y, self.w(f"{scope}/conv2d/bias")) if bias else y

    def dense(self, x: tf.Tensor, scope: str) -> tf.Tensor:
        y = tf.matmul(x, self.w(f"{scope}/dense/kernel"))
        return tf.nn.bias_add(y, self.w(f"{scope}/dense/bias")) if self.c.biases else y

    def spectral(self, scope: str) -> tf.Tensor:
        """kernel / sigma, one power iteration; u moves at every evaluation, in the order of the evaluations."""
        kernel = self.w(f"{scope}/kernel")
        if self.c.critic_weight == "plain":
            return kernel
        u = self.w(f"{scope}/u")
        matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
        if self.resting:
            return kernel / tf.reshape(tf.matmul(tf.matmul(self.v[scope], matrix), u, transpose_b=True), [])
        v_hat = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(u, matrix, transpose_b=True)))
        u_hat = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(v_hat, matrix)))
        sigma = tf.matmul(tf.matmul(v_hat, matrix), u_hat, transpose_b=True)
        u.assign(u_hat)
        self.v[scope].assign(v_hat)
        return kernel / tf.reshape(sigma, [])

    def critic_conv(self, x: tf.Tensor, scope: str, stride: int, pads: tuple[int, int, int, int], bias: bool = True) -> tf.Tensor:
        y = self.convolve(reflect(x, pads), self.spectral(scope), stride)
        return tf.nn.bias_add(y, self.w(f"{scope}/bias")) if bias else y

    def instance_norm(self, x: tf.Tensor, scope: str) -> tf.Tensor:
        mean, variance = moments(x, [1, 2], False)
        gamma = self.w(f"{scope}/gamma") if self.c.affine else None
        beta = self.w(f"{scope}/beta") if self.c.affine else None
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)

    def instance_layer(self, x: tf.Tensor, rho: tf.Tensor) -> tf.Tensor:
        made = []
        for axes in ([1, 2], [1, 2, 3]):
            mean, variance = moments(x, axes, self.c.unbiased)
            made.append((x - mean) / tf.sqrt(variance + 1e-5))
        return rho * made[0] + (1.0 - rho) * made[1]

    def classifier(self, pooled: tf.Tensor, scope: str, spectral: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """The logit, and what a channel is scaled by."""
        raw = self.w(f"{scope}/kernel")
        kernel = self.spectral(scope) if spectral else raw
        scale = kernel if self.c.spectral_scale else raw
        logit = tf.matmul(pooled, kernel)
        if self.c.classifier_bias:
            bias = self.w(f"{scope}/bias")
            logit, scale = tf.nn.bias_add(logit, bias), tf.nn.bias_add(scale, bias)
        return logit, tf.reshape(scale, [-1])

    def cam(self, x: tf.Tensor, scope: str, act, spectral: bool) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Features, logits [batch, 2], heatmap."""
        other = "CAM_logit" if self.c.shared_classifier else "CAM_logit_1"
        average, by_average = self.classifier(tf.reduce_mean(x, [1, 2]), f"{scope}/CAM_logit", spectral)
        maximum, by_maximum = self.classifier(tf.reduce_max(x, [1, 2]), f"{scope}/{other}", spectral)
        both = tf.concat([x * by_average, x * by_maximum], -1)
        features = act(self.conv(both, f"{scope}/conv_1x1", 1, (0, 0, 0, 0), True))
        return features, tf.concat([average, maximum], -1), tf.reduce_sum(features, -1)

    # ---------------------------------------------------------------------------------------------- networks

    def residual(self, x: tf.Tensor, scope: str, norm) -> tf.Tensor:
        y = x
        for i in (1, 2):
            y = norm(self.conv(y, f"{scope}/res{i}/conv_0", 1, (1, 1, 1, 1), self.c.biases), f"{scope}/res{i}")
            y = tf.nn.relu(y) if i == 1 else y
        return x + y

    def style(self, features: tf.Tensor, scope: str) -> tuple[tf.Tensor, tf.Tensor]:
        if self.c.light:
            y = tf.reduce_mean(features, [1, 2])
        else:
            ordered = features if self.c.channels_last else tf.transpose(features, [0, 3, 1, 2])
            y = tf.reshape(ordered, [features.shape[0], -1])
        for i in range(2):
            y = tf.nn.relu(self.dense(y, f"{scope}/MLP/linear_{i}"))
        shape = [features.shape[0], 1, 1, features.shape[-1]]
        return tuple(tf.reshape(self.dense(y, f"{scope}/MLP/{name}"), shape) for name in ("gamma", "beta"))

    def generator(self, x: tf.Tensor, scope: str) -> Output:
        c = self.c
        x = tf.nn.relu(self.instance_norm(self.conv(x, f"{scope}/conv", 1, (3, 3, 3, 3), c.biases), f"{scope}/ins_norm"))
        for i in range(2):
            x = self.instance_norm(self.conv(x, f"{scope}/conv_{i}", 2, c.down_pad, c.biases), f"{scope}/ins_norm_{i}")
            x = tf.nn.relu(x)
        for i in range(c.blocks):
            x = self.residual(x, f"{scope}/resblock_{i}", lambda y, place: self.instance_norm(y, f"{place}/instance_norm"))
        x, logits, heatmap = self.cam(x, scope, tf.nn.relu, False)
        gamma, beta = self.style(x, scope)

        def adaptive(y: tf.Tensor, place: str) -> tf.Tensor:
            rho = self.w(f"{place}/instance_layer_norm/rho")
            rho = tf.clip_by_value(rho - c.smoothing, 0.0, 1.0) if c.smoothing else rho
            return self.instance_layer(y, rho) * gamma + beta

        for i in range(c.blocks):
            x = self.residual(x, f"{scope}/adaptive_resblock{i}", adaptive)
        for i in range(2):
            x = tf.repeat(tf.repeat(x, 2, 1), 2, 2)  # nearest neighbour
            x = self.conv(x, f"{scope}/up_conv_{i}", 1, (1, 1, 1, 1), c.biases)
            rho, gain, shift = (self.w(f"{scope}/layer_ins_norm_{i}/{name}") for name in ("rho", "gamma", "beta"))
            x = tf.nn.relu(self.instance_layer(x, rho) * gain + shift)
        return Output(tf.tanh(self.conv(x, f"{scope}/G_logit", 1, (3, 3, 3, 3), c.biases)), logits, heatmap)

    def critic(self, x: tf.Tensor, scope: str, depth: int) -> Output:
        c = self.c
        act = lambda y: tf.where(y > 0, y, 0.2 * y)  # noqa: E731  (tf.nn.leaky_relu keeps its slope in float32)
        for i in range(depth - 2):
            x = act(self.critic_conv(x, f"{scope}/conv_{i}", 2, (1, 1, 1, 1)))
        x = act(self.critic_conv(x, f"{scope}/conv_last", 1, c.critic_pad))
        x, logits, heatmap = self.cam(x, scope, act, True)
        bias = c.biases if c.patch_bias is None else c.patch_bias
        return Output(self.critic_conv(x, f"{scope}/D_logit", 1, c.critic_pad, bias), logits, heatmap)
