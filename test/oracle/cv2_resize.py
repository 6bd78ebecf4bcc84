"""Makes test/golden/opencv/resize.json: small pictures and what cv2.resize makes of them, as the TensorFlow U-GAT-IT calls it for pictures to be
translated. Needs opencv-python-headless and numpy.

    /path/to/venv/bin/python test/oracle/cv2_resize.py
"""
import base64
import json
import pathlib

import cv2
import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "golden" / "opencv" / "resize.json"
# Enlarged, shrunk by more than the filter sees, halved (which OpenCV has another way for), one side only, a single pixel.
SIZES = [((9, 7), (9, 7)), ((9, 7), (15, 13)), ((13, 11), (6, 5)), ((16, 16), (23, 23)), ((20, 9), (8, 14)), ((32, 24), (16, 12)), ((40, 40), (7, 7)),
         ((17, 33), (64, 48)), ((16, 12), (16, 6)), ((1, 1), (3, 2)), ((2, 5), (7, 3))]

cases = []
for (width, height), (to_width, to_height) in SIZES:
    for channels in (3, 1):
        picture = np.random.RandomState(width * to_height + channels).randint(0, 256, (height, width, channels)).astype(np.uint8)
        made = cv2.resize(picture if channels == 3 else picture[:, :, 0], dsize=(to_width, to_height))
        cases.append({"width": width, "height": height, "channels": channels, "data": base64.b64encode(picture.tobytes()).decode(),
                      "to": [to_width, to_height], "made": base64.b64encode(np.ascontiguousarray(made).tobytes()).decode()})
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps({"made by": f"test/oracle/cv2_resize.py, OpenCV {cv2.__version__}", "cases": cases}) + "\n")
