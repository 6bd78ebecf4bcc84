"""Makes test/golden/tensorflow/resize.json: small pictures and what TensorFlow 1's bilinear resize makes of them (corners meet, no antialiasing).

    /path/to/venv/bin/python test/oracle/tf_resize.py

The result is a float there; kept are those floats, by thousandths.
"""
import base64
import json
import pathlib

import numpy as np
import tensorflow as tf

OUT = pathlib.Path(__file__).parent.parent / "golden" / "tensorflow" / "resize.json"


def noise(width: int, height: int, seed: int) -> np.ndarray:
    state, data = seed, []
    for _ in range(width * height * 3):
        state = (state * 1103515245 + 12345) % 2**31
        data.append(state >> 16 & 255)
    return np.array(data, np.uint8).reshape(height, width, 3)


cases = []
for (width, height), (to_width, to_height) in [((9, 7), (9, 7)), ((9, 7), (15, 13)), ((13, 11), (6, 5)), ((16, 16), (23, 23)), ((20, 9), (8, 14))]:
    picture = noise(width, height, width * to_width)
    made = tf.compat.v1.image.resize_bilinear(picture[None].astype(np.float32), [to_height, to_width], align_corners=False, half_pixel_centers=False)
    cases.append({
        "width": width, "height": height, "data": base64.b64encode(picture.tobytes()).decode(),
        "to": [to_width, to_height], "thousandths": [round(float(v) * 1000) for v in made.numpy().reshape(-1)],
    })
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps({"made by": f"test/oracle/tf_resize.py, TensorFlow {tf.__version__}", "cases": cases}) + "\n")
