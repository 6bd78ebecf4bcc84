"""Makes test/golden/pillow/ssim.json: SSIM of small pictures in [-1, 1] (taken to [0, 1] first: the
paper's luminance term is for values that are not negative), written from the paper's formula with numpy alone
(Wang, Bovik, Sheikh, Simoncelli 2004): every 11 x 11 window in turn, with a full two-dimensional Gaussian. Where scikit-image is
installed its figure is computed too, and must agree.

    /path/to/venv/bin/python test/oracle/pillow_ssim.py
"""
import base64
import json
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "golden" / "pillow" / "ssim.json"


def unit(a):
    return (a.astype(np.float64) + 1) / 2


def ssim(a, b):
    k = np.arange(11) - 5
    window = np.exp(-(k[:, None] ** 2 + k[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = 0.01**2, 0.03**2
    figures = []
    for x, y in zip(unit(a), unit(b)):
        for i in range(x.shape[0] - 10):
            for j in range(x.shape[1] - 10):
                p, q = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                cov = (window * (p - mp) * (q - mq)).sum()
                figures.append((2 * mp * mq + c1) * (2 * cov + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return float(np.mean(figures))


def skimage_ssim(a, b):
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return None
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    return float(structural_similarity(unit(a), unit(b), channel_axis=0, **options))


r = np.random.RandomState(7)
smooth = np.stack([np.add.outer(np.linspace(-1, 1, 18), s * np.linspace(0, 0.9, 23)) / 2 for s in (1, -1, 0.3)]).astype(np.float32)
noisy = np.clip(smooth + r.normal(0, 0.3, smooth.shape), -1, 1).astype(np.float32)
random = r.uniform(-1, 1, (3, 14, 11)).astype(np.float32)
grey = np.sign(r.uniform(-1, 1, (1, 20, 20))).astype(np.float32)
pairs = {
    "smooth and noisy": (smooth, noisy),
    "a picture and itself": (smooth, smooth),
    "a picture and its negative": (random, -random),
    "black-and-white and mid-grey": (grey, np.zeros_like(grey)),
}


def picture(a):
    channels, height, width = a.shape
    return {"channels": channels, "height": height, "width": width, "data": base64.b64encode(a.astype("<f4").tobytes()).decode()}


cases = []
for name, (a, b) in pairs.items():
    ours, theirs = ssim(a, b), skimage_ssim(a, b)
    print(name, ours, theirs)
    assert theirs is None or abs(ours - theirs) < 1e-9
    cases.append({"name": name, "a": picture(a), "b": picture(b), "ssim": ours, "l1": float(np.abs(a.astype(np.float64) - b).mean())})
OUT.write_text(json.dumps({"made by": "test/oracle/pillow_ssim.py", "cases": cases}, indent=1) + "\n")
