// The pool of earlier fakes that CycleGAN's critics see (Shrivastava et al., CVPR 2017).
import type { Scope } from "./scope";
import { offTape } from "./tape";
import { type Tensor, tf } from "./tf";

/**
 * x, or half the time one of the `size` values kept from earlier steps, whose place x takes. While a place is free, x fills it and
 * passes. One sample after the other. A constant for gradients.
 */
export function history(w: Scope, x: Tensor, size: number): Tensor {
  const here = w.place("history");
  if (!here.training) return x;
  const shape = x.shape.slice(1);
  const [h = 1, width = 1, c = 1] = shape;
  const order = x.rank === 4 ? { shape: [size, h, width, c], axes: [0, 3, 1, 2] } : undefined;
  let pool = here.state("pool", [size, ...shape], 0, { order });
  let used = here.state("used", [size], 0);
  return offTape(() => {
    const passed = tf.unstack(x).map((own, k) => {
      const free = tf.sub(1, used);
      const anyFree = free.max();
      const first = oneAt(free).mul(anyFree);
      const any = oneAt(here.sample(`place${k + 1}`));
      const swaps = tf.sub(1, anyFree).mul(here.sample(`coin${k + 1}`).greater(0.5).toFloat());
      const old = pool.mul(wide(any, pool)).sum(0);
      const written = first.add(swaps.mul(any));
      pool = either(wide(written, pool), own, pool);
      used = used.maximum(written);
      return either(swaps, old, own);
    });
    here.next("pool", () => pool);
    here.next("used", () => used);
    return tf.stack(passed);
  });
}

/** 1 at the first largest value, 0 elsewhere. */
function oneAt(values: Tensor): Tensor {
  return tf.oneHot(values.argMax(), values.size).toFloat();
}

/** One number a place, to be broadcast over what each place holds. */
function wide(values: Tensor, like: Tensor): Tensor {
  return values.reshape([-1, ...like.shape.slice(1).map(() => 1)]);
}

/** a where share is 1, b where it is 0. */
function either(share: Tensor, a: Tensor, b: Tensor): Tensor {
  return a.mul(share).add(b.mul(tf.sub(1, share)));
}
