"""Pictures as Pillow writes and reads them, in the formats that sharp does not read: test/golden/pillow/plain.json.

    python pillow_plain.py [OUT.json]

By name: the file's bytes (base64), its size, and the RGB pixels that Image.open(...).convert("RGB") gives (base64). Files that Pillow cannot write
(text, other numbers of levels, rows from above, bit fields) are put together here, and read by Pillow all the same.
"""

import base64
import io
import json
import pathlib
import struct
import sys

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "pillow" / "plain.json"


def saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def text(header: str, values: np.ndarray) -> bytes:
    rows = "\n".join(" ".join(str(v) for v in row.ravel()) for row in values)
    return f"{header}\n# a comment in between\n{rows}\n".encode()


def bitmap(pixels: np.ndarray, bits: int, compression: int, masks: tuple[int, ...], rows: bytes, height: int) -> bytes:
    fields = b"".join(struct.pack("<I", m) for m in masks)
    offset = 14 + 40 + len(fields)
    info = struct.pack("<IiiHHIIiiII", 40, pixels.shape[1], height, 1, bits, compression, len(rows), 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset) + info + fields + rows


def files() -> dict[str, bytes]:
    random = np.random.default_rng(3)
    h, w = 5, 7
    rgb = random.integers(0, 256, (h, w, 3), dtype=np.uint8)
    grey = rgb[..., 0]
    image, shade = Image.fromarray(rgb), Image.fromarray(grey)
    black = shade.convert("1", dither=Image.Dither.NONE)
    bits = (grey > 127).astype(int)
    padded = lambda row: row + bytes(-len(row) % 4)  # noqa: E731
    five = (rgb >> 3).astype(np.uint16)
    packed = (five[..., 0] << 10) | (five[..., 1] << 5) | five[..., 2]
    wide = random.integers(0, 1001, (h, w, 3)).astype(">u2")
    runs = b"\0\0".join(bytes([3, int(v), 4, int(v) ^ 1]) for v in (9, 200, 17, 33, 64)) + b"\0\1"
    palette = b"".join(bytes([i, 255 - i, i // 2, 0]) for i in range(256))
    rle = struct.pack("<2sIHHI", b"BM", 54 + 1024 + len(runs), 0, 0, 54 + 1024) + struct.pack("<IiiHHIIiiII", 40, w, h, 1, 8, 1, len(runs), 0, 0, 256, 0) + palette + runs
    return {
        "rgb.bmp": saved(image, "BMP"),
        "grey.bmp": saved(shade, "BMP"),
        "palette.bmp": saved(image.quantize(40), "BMP"),
        "palette16.bmp": saved(image.quantize(9), "BMP"),
        "bits.bmp": saved(black, "BMP"),
        "down.bmp": bitmap(rgb, 24, 0, (), b"".join(padded(row[:, ::-1].tobytes()) for row in rgb), -h),
        "fields.bmp": bitmap(rgb, 32, 3, (0xFF0000, 0xFF00, 0xFF), b"".join(np.dstack([rgb[..., ::-1], grey])[y].tobytes() for y in reversed(range(h))), h),
        "unused.bmp": bitmap(rgb, 32, 0, (), b"".join(np.dstack([rgb[..., ::-1], 0 * grey])[y].tobytes() for y in reversed(range(h))), h),
        "fives.bmp": bitmap(rgb, 16, 0, (), b"".join(padded(packed[y].astype("<u2").tobytes()) for y in reversed(range(h))), h),
        "runs.bmp": rle,
        "rgb.ppm": saved(image, "PPM"),
        "grey.pgm": saved(shade, "PPM"),
        "bits.pbm": saved(black, "PPM"),
        "levels.pgm": b"P5\n# of 100 levels\n7 5\n100\n" + (grey % 101).tobytes(),
        "wide.ppm": b"P6 7 5 1000\n" + wide.tobytes(),
        "text.ppm": text(f"P3 {w} {h}\n255", rgb),
        "text.pgm": text(f"P2\n# first\n{w}\n{h}\n9", grey % 10),
        "text.pbm": text(f"P1 {w} {h}", bits),
    }


def main() -> None:
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    told = {}
    for name, data in files().items():
        image = Image.open(io.BytesIO(data)).convert("RGB")
        coded = lambda x: base64.b64encode(x).decode()  # noqa: E731
        told[name] = {"file": coded(data), "width": image.width, "height": image.height, "rgb": coded(image.tobytes())}
    out.write_text(json.dumps(told, indent=0) + "\n")


if __name__ == "__main__":
    main()
