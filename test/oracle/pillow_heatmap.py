"""Makes test/golden/pillow/heatmap.json: OpenCV's COLORMAP_JET (as RGB) and what the published U-GAT-IT's utils.cam makes of small maps.
Needs opencv-python-headless and numpy.

    /path/to/venv/bin/python test/oracle/pillow_heatmap.py
"""
import base64
import json
import pathlib

import cv2
import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "golden" / "pillow" / "heatmap.json"


def rgb(levels):
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)


def encode(a):
    return base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()


cases = []
for name, (h, w), (to_h, to_w) in [("square", (4, 4), (16, 16)), ("uneven", (5, 7), (33, 24)), ("shrunk", (12, 12), (5, 7))]:
    m = np.random.RandomState(h).normal(0, 3, (h, w)).astype(np.float32)
    scaled = m.astype(np.float64) - m.min()
    levels = np.uint8(255 * (scaled / scaled.max()))
    enlarged = cv2.resize(levels, (to_w, to_h))
    cases.append({"name": name, "map": encode(m), "height": h, "width": w, "toHeight": to_h, "toWidth": to_w,
                  "scaled": encode(levels), "levels": encode(enlarged)})
jet = rgb(np.arange(256, dtype=np.uint8)[None])[0]
OUT.write_text(json.dumps({"made by": f"test/oracle/pillow_heatmap.py, OpenCV {cv2.__version__}", "jet": encode(jet), "cases": cases}, indent=1) + "\n")
