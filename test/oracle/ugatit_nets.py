"""U-GAT-IT's networks in the dialect of its PyTorch code, written from facts (gans.md sections 1.1-1.6), never copied.

The names in the state dicts are those of the published checkpoints (gans.md 1.12), in their order; a variant
that the authors never published (another norm, no head) keeps the names of what it shares with them.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

# Settings of a norm: its name, or {"name": ..., options}; names, options and defaults are those of dsl/std/norms.gan.
NormChoice = str | dict[str, Any]


@dataclass
class Config:
    """The params of specs/ugatit.gan, by its names; `smooth` is ours, for comparisons without kinks."""

    size: int = 256
    ch: int = 64
    blocks: int = 4
    global_depth: int = 7
    local_depth: int = 5
    light: bool = True
    encoder_norm: NormChoice = "IN"
    decoder_norm: NormChoice = "AdaLIN"
    upsample_norm: NormChoice = "ILN"
    generator_head: str = "CAM"
    discriminator_head: str = "CAM"
    weights: dict[str, float] = field(
        default_factory=lambda: {"adversarial": 1.0, "cycle": 10.0, "identity": 10.0, "cam": 1000.0}
    )
    rate: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.999)
    eps: float = 1e-8
    decay: float = 1e-4
    length: int | None = None  # steps of the whole training: constant for half of them, then linear to 0; None: constant
    smooth: bool = False  # tanh for relu and leaky relu, mse for l1, mean for max, Adam's eps 1

    @classmethod
    def of(cls, **given: Any) -> "Config":
        """A config from a dictionary (as read from JSON); an unknown key is an error, `weights` merge by key."""
        unknown = set(given) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}; known: {sorted(cls.__dataclass_fields__)}")
        default = cls()
        weights = {**default.weights, **given.get("weights", {})}
        if set(weights) != set(default.weights):
            raise ValueError(f"unknown loss weights {sorted(set(weights) - set(default.weights))}")
        betas = tuple(given.get("betas", default.betas))
        return cls(**{**given, "weights": weights, "betas": betas})


class Output(NamedTuple):
    """What a network returns: an image (generator) or patches (critic), and what its head says, if it has one."""

    main: Tensor
    logits: Tensor | None
    heatmap: Tensor | None


# ---------------------------------------------------------------------------------------------------- activations


def relu(config: Config) -> nn.Module:
    """In place, as published: what is before it is not kept."""
    return nn.Tanh() if config.smooth else nn.ReLU(inplace=True)


def leaky_relu(config: Config) -> nn.Module:
    return nn.Tanh() if config.smooth else nn.LeakyReLU(0.2, inplace=True)


# ---------------------------------------------------------------------------------------------------------- norms


def standardize(x: Tensor, dims: tuple[int, ...], eps: float, unbiased: bool) -> Tensor:
    mean = x.mean(dims, keepdim=True)
    variance = x.var(dims, keepdim=True, correction=1 if unbiased else 0)
    return (x - mean) / torch.sqrt(variance + eps)


class Norm(nn.Module):
    """A norm of specs/ugatit.gan's slots: subclasses standardize, this one applies gamma and beta if it has them."""

    adaptive = False  # takes gamma and beta [B, C] from outside

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = False):
        super().__init__()
        self.eps = eps
        if affine:
            self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
            self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.affine = affine

    def standard(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None) -> Tensor:
        y = self.standard(x)
        if self.adaptive:
            return y * gamma[:, :, None, None] + beta[:, :, None, None]
        return y * self.gamma + self.beta if self.affine else y


class IN(Norm):
    """Instance norm: over h, w; biased variance; no affine unless asked."""

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = False, unbiased: bool = False):
        super().__init__(channels, eps, affine)
        self.unbiased = unbiased

    def standard(self, x: Tensor) -> Tensor:
        if not self.unbiased:
            return F.instance_norm(x, eps=self.eps)  # the published one, which keeps less than the formula would
        return standardize(x, (2, 3), self.eps, self.unbiased)


class LN(Norm):
    """Layer norm: per sample over c, h, w; affine per channel. form "variance": (x - mean) / sqrt(biased variance + eps);
    "std_plus_eps": (x - mean) / (unbiased standard deviation + eps), UNIT's and MUNIT's (gans.md 5.2)."""

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True, form: str = "variance"):
        super().__init__(channels, eps, affine)
        if form not in ("variance", "std_plus_eps"):
            raise ValueError(f"LN: no form {form!r}")
        self.form = form

    def standard(self, x: Tensor) -> Tensor:
        if self.form == "variance":
            return standardize(x, (1, 2, 3), self.eps, False)
        spread = x.std((1, 2, 3), keepdim=True, correction=1)
        return (x - x.mean((1, 2, 3), keepdim=True)) / (spread + self.eps)


class GN(Norm):
    """Group norm: per sample over each group's channels and h, w; biased variance; affine per channel."""

    def __init__(self, channels: int, groups: int = 8, eps: float = 1e-5, affine: bool = True):
        super().__init__(channels, eps, affine)
        if channels % groups:
            raise ValueError(f"GN: {channels} channels do not divide into {groups} groups")
        self.groups = groups

    def standard(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        grouped = x.reshape(b, self.groups, c // self.groups, h, w)
        return standardize(grouped, (2, 3, 4), self.eps, False).reshape(b, c, h, w)


class AdaIN(IN):
    """IN whose gamma and beta come from outside (no "1 +")."""

    adaptive = True


class ILN(Norm):
    """The paper's LIN: rho of IN and 1 - rho of LN per channel, unbiased variances; rho starts at 0 (gans.md 1.2) and is
    clamped to [low, high] after each update of the generators."""

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        unbiased: bool = True,
        start: float = 0.0,
        low: float = 0.0,
        high: float = 1.0,
    ):
        nn.Module.__init__(self)  # rho is registered before gamma and beta: the order of the published file
        self.rho = nn.Parameter(torch.full((1, channels, 1, 1), float(start)))
        self.eps, self.unbiased, self.range, self.smoothing = eps, unbiased, (low, high), 0.0
        self.affine = not self.adaptive
        if self.affine:
            self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
            self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def standard(self, x: Tensor) -> Tensor:
        rho = (self.rho - self.smoothing).clamp(0.0, 1.0) if self.smoothing else self.rho
        instance = standardize(x, (2, 3), self.eps, self.unbiased)
        layer = standardize(x, (1, 2, 3), self.eps, self.unbiased)
        return rho * instance + (1 - rho) * layer


class AdaLIN(ILN):
    """ILN with rho from 0.9 and gamma, beta from outside. smoothing 0.1 is the TensorFlow code's: clamp(rho - 0.1, 0, 1) counts."""

    adaptive = True

    def __init__(self, channels: int, start: float = 0.9, smoothing: float = 0.0, **options: Any):
        super().__init__(channels, start=start, **options)
        self.smoothing = smoothing


NORMS: dict[str, type[Norm]] = {norm.__name__: norm for norm in (IN, LN, GN, AdaIN, ILN, AdaLIN)}


def make_norm(choice: NormChoice, channels: int) -> Norm:
    options = {"name": choice} if isinstance(choice, str) else dict(choice)
    return NORMS[options.pop("name")](channels, **options)


def is_adaptive(choice: NormChoice) -> bool:
    return NORMS[choice if isinstance(choice, str) else choice["name"]].adaptive


# --------------------------------------------------------------------------------------------------------- blocks


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), no activation after the sum."""

    def __init__(self, channels: int, config: Config):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=False),
            make_norm(config.encoder_norm, channels),
            relu(config),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=False),
            make_norm(config.encoder_norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class StyledResidualBlock(nn.Module):
    """The same with the decoder's norm: gamma and beta (None if no norm wants them) are those of the whole decoder."""

    def __init__(self, channels: int, config: Config):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm1 = make_norm(config.decoder_norm, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm2 = make_norm(config.decoder_norm, channels)
        self.act = relu(config)

    def forward(self, x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
        y = self.act(self.norm1(self.conv1(reflect(x, 1)), gamma, beta))
        return x + self.norm2(self.conv2(reflect(y, 1)), gamma, beta)


def reflect(x: Tensor, width: int) -> Tensor:
    return F.pad(x, (width,) * 4, mode="reflect")


def cam_head(net: nn.Module, x: Tensor) -> Output:
    """The CAM head of gans.md 1.3, the same in generator and critic. The features are scaled by the *raw* classifier weight
    (`weight_orig` where it is spectrally normalised), while the logit is made with the normalised one."""
    average, maximum = net.gap_fc, net.gmp_fc
    pooled_average = x.mean((2, 3))
    # adaptive_max_pool2d sends the gradient of a tie to one place; amax would share it out.
    pooled_maximum = x.mean((2, 3)) if net.config.smooth else F.adaptive_max_pool2d(x, 1).flatten(1)
    logits = torch.cat([average(pooled_average), maximum(pooled_maximum)], 1)
    raw = [getattr(fc, "weight_orig", fc.weight).reshape(1, -1, 1, 1) for fc in (average, maximum)]
    features = net.act(net.conv1x1(torch.cat([x * raw[0], x * raw[1]], 1)))
    return Output(features, logits, features.sum(1, keepdim=True))


# ------------------------------------------------------------------------------------------------------- networks


class Generator(nn.Module):
    """gans.md 1.1. Light at any height and width divisible by 4; full at `size` only."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        ch, wide = config.ch, 4 * config.ch
        cam, styled = config.generator_head == "CAM", is_adaptive(config.decoder_norm)
        # Registered in the order of the published file: head, gamma and beta, decoder, encoder, style, upsampling.
        if cam:
            self.gap_fc = nn.Linear(wide, 1, bias=False)
            self.gmp_fc = nn.Linear(wide, 1, bias=False)
            self.conv1x1 = nn.Conv2d(2 * wide, wide, 1)
        if styled:
            self.gamma = nn.Linear(wide, wide, bias=False)
            self.beta = nn.Linear(wide, wide, bias=False)
        for i in range(config.blocks):
            setattr(self, f"UpBlock1_{i + 1}", StyledResidualBlock(wide, config))
        self.DownBlock = nn.Sequential(*self.encoder())
        if styled:
            inputs = wide if config.light else wide * (config.size // 4) ** 2
            self.FC = nn.Sequential(
                nn.Linear(inputs, wide, bias=False),
                relu(config),
                nn.Linear(wide, wide, bias=False),
                relu(config),
            )
        self.UpBlock2 = nn.Sequential(*self.upsampling())
        self.act = relu(config)

    def encoder(self) -> list[nn.Module]:
        config, ch = self.config, self.config.ch
        layers: list[nn.Module] = []
        for kernel, stride, width, inputs, outputs in [(7, 1, 3, 3, ch), (3, 2, 1, ch, 2 * ch), (3, 2, 1, 2 * ch, 4 * ch)]:
            layers += [
                nn.ReflectionPad2d(width),
                nn.Conv2d(inputs, outputs, kernel, stride, bias=False),
                make_norm(config.encoder_norm, outputs),
                relu(config),
            ]
        return layers + [ResidualBlock(4 * ch, config) for _ in range(config.blocks)]

    def upsampling(self) -> list[nn.Module]:
        config, ch = self.config, self.config.ch
        layers: list[nn.Module] = []
        for inputs, outputs in [(4 * ch, 2 * ch), (2 * ch, ch)]:
            layers += [
                nn.Upsample(scale_factor=2, mode="nearest"),
                nn.ReflectionPad2d(1),
                nn.Conv2d(inputs, outputs, 3, bias=False),
                make_norm(config.upsample_norm, outputs),
                relu(config),
            ]
        return layers + [nn.ReflectionPad2d(3), nn.Conv2d(ch, 3, 7, bias=False), nn.Tanh()]

    def forward(self, x: Tensor) -> Output:
        config = self.config
        content = self.DownBlock(x)
        head = cam_head(self, content) if config.generator_head == "CAM" else Output(content, None, None)
        y, gamma, beta = head.main, None, None
        if is_adaptive(config.decoder_norm):
            style = self.FC(y.mean((2, 3)) if config.light else y.flatten(1))
            gamma, beta = self.gamma(style), self.beta(style)
        for i in range(config.blocks):
            y = getattr(self, f"UpBlock1_{i + 1}")(y, gamma, beta)
        return Output(self.UpBlock2(y), head.logits, head.heatmap)


class Discriminator(nn.Module):
    """gans.md 1.5: a critic of patches, `depth` 7 (global) or 5 (local), spectral norm by torch's legacy hook (1.6)."""

    def __init__(self, config: Config, depth: int):
        super().__init__()
        self.config = config
        wide = config.ch * 2 ** (depth - 2)
        if config.discriminator_head == "CAM":
            self.gap_fc = spectral_norm(nn.Linear(wide, 1, bias=False))
            self.gmp_fc = spectral_norm(nn.Linear(wide, 1, bias=False))
            self.conv1x1 = nn.Conv2d(2 * wide, wide, 1)
        self.conv = spectral_norm(nn.Conv2d(wide, 1, 4, bias=False))
        layers: list[nn.Module] = []
        inputs = 3
        for i in range(depth - 1):
            outputs, stride = config.ch * 2**i, 2 if i < depth - 2 else 1
            conv = spectral_norm(nn.Conv2d(inputs, outputs, 4, stride))
            layers += [nn.ReflectionPad2d(1), conv, leaky_relu(config)]
            inputs = outputs
        self.model = nn.Sequential(*layers)
        self.act = leaky_relu(config)

    def forward(self, x: Tensor) -> Output:
        features = self.model(x)
        plain = self.config.discriminator_head != "CAM"
        head = Output(features, None, None) if plain else cam_head(self, features)
        return Output(self.conv(reflect(head.main, 1)), head.logits, head.heatmap)


def make_networks(config: Config) -> dict[str, nn.Module]:
    """The six networks by the names of the published checkpoint."""
    return {
        "genA2B": Generator(config),
        "genB2A": Generator(config),
        "disGA": Discriminator(config, config.global_depth),
        "disGB": Discriminator(config, config.global_depth),
        "disLA": Discriminator(config, config.local_depth),
        "disLB": Discriminator(config, config.local_depth),
    }
