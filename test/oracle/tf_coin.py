"""Shows that a coin thrown in Python within `Dataset.map` falls once a data set: why the TensorFlow U-GAT-IT augments all pictures of a domain or none.

    /path/to/venv/bin/python test/oracle/tf_coin.py

Each line is a domain of 20 pictures read as that code reads it (shuffle_and_repeat, map_and_batch, a one-shot iterator), 60 of them.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import random

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
v1.disable_eager_execution()
v1.logging.set_verbosity(v1.logging.ERROR)
random.seed(3)


def domain(session: v1.Session) -> tuple[int, int]:
    calls = 0

    def prepare(x: tf.Tensor) -> tf.Tensor:
        nonlocal calls
        calls += 1
        return x + 1000 if random.random() > 0.5 else x

    pictures = v1.data.Dataset.from_tensor_slices(np.arange(20)).apply(tf.data.experimental.shuffle_and_repeat(20))
    batches = pictures.apply(tf.data.experimental.map_and_batch(prepare, 1, num_parallel_batches=2, drop_remainder=True))
    following = v1.data.make_one_shot_iterator(batches).get_next()
    augmented = sum(int(session.run(following)[0] >= 1000) for _ in range(60))
    return calls, augmented


print(f"TensorFlow {tf.__version__}")
with v1.Session() as session:
    for _ in range(8):
        calls, augmented = domain(session)
        print(f"the function was called {calls} time(s), and {augmented} of 60 pictures were augmented")
