"""Makes test/golden/pillow/resize.json: small pictures and what Pillow's resize makes of them.

    /path/to/venv/bin/python test/oracle/pillow_resize.py

The pictures are made of integers by a formula, so that the file is the same on every machine: noise (the hardest case), hard edges
(bicubic overshoots there and must be clipped), and a gradient.
"""
import base64
import json
import pathlib

import PIL
from PIL import Image

OUT = pathlib.Path(__file__).parent.parent / "golden" / "pillow" / "resize.json"


def noise(width, height, seed):
    state, data = seed, bytearray()
    for _ in range(width * height * 3):
        state = (state * 1103515245 + 12345) % 2**31
        data.append(state >> 16 & 255)
    return Image.frombytes("RGB", (width, height), bytes(data))


def edges(width, height):
    data = bytearray()
    for y in range(height):
        for x in range(width):
            data += bytes([255 * (x // 3 % 2), 255 * (y // 5 % 2), 255 * ((x + y) // 4 % 2)])
    return Image.frombytes("RGB", (width, height), bytes(data))


def gradient(width, height):
    data = bytearray()
    for y in range(height):
        for x in range(width):
            data += bytes([255 * x // (width - 1), 255 * y // (height - 1), 255 * (x + y) // (width + height - 2)])
    return Image.frombytes("RGB", (width, height), bytes(data))


CASES = [
    ("noise shrinks, both axes", noise(48, 40, 1), (17, 13)),
    ("noise shrinks to half", noise(48, 48, 2), (24, 24)),
    ("noise grows", noise(13, 11, 3), (30, 26)),
    ("noise grows one way and shrinks the other", noise(20, 40, 4), (41, 15)),
    ("edges shrink a little", edges(48, 36), (43, 31)),
    ("edges grow", edges(20, 20), (47, 33)),
    ("gradient grows by 30/256, as load_size does", gradient(32, 32), (36, 36)),
    ("only the width changes", noise(16, 16, 5), (9, 16)),
    ("only the height changes", noise(16, 16, 6), (16, 25)),
    ("to a single pixel", noise(7, 5, 7), (1, 1)),
    ("from a single pixel", noise(1, 1, 8), (4, 3)),
]

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def picture(image):
    return {
        "width": image.width,
        "height": image.height,
        "data": base64.b64encode(image.tobytes()).decode(),
    }


cases = [
    {"name": name, "filter": filter_name, "input": picture(image), "output": picture(image.resize(size, how))}
    for name, image, size in CASES
    for filter_name, how in FILTERS.items()
]
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps({"made by": f"test/oracle/pillow_resize.py, Pillow {PIL.__version__}", "cases": cases}, indent=1) + "\n")
print(f"{OUT}: {len(cases)} cases, {OUT.stat().st_size} bytes")
