import { convTranspose } from "../lib/layers.js";
import { tanh } from "../lib/math.js";
import { unsqueeze } from "../lib/samples.js";
import type { Scope } from "../lib/scope.js";
import { type Tensor, tf } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";
import { Stem } from "../networks/Stem.js";
import { Up } from "../networks/Up.js";

/** network Generator, specs/drit.gan:51 */
export class Generator {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { stem: Pick<Stem, "call">; out: number },
  ) {}

  call(content: Tensor, code: Tensor): Tensor {
    const { stem, out } = this.settings;
    const w = this.weights.enter();
    const y = stem.call(content);
    let y2: Tensor = tf.concat(
      [y, tf.broadcastTo(unsqueeze(code, [1, 2]), [code.shape[0]!, y.shape[1]!, y.shape[2]!, code.shape[1]!])],
      3,
    );
    for (let i = 0; i < 3; i++) {
      y2 = new Residual(w.place("Residual")).call(y2);
    }
    for (let i = 0; i < 2; i++) {
      y2 = new Up(w.place("Up")).call(
        tf.concat(
          [y2, tf.broadcastTo(unsqueeze(code, [1, 2]), [code.shape[0]!, y2.shape[1]!, y2.shape[2]!, code.shape[1]!])],
          3,
        ),
      );
    }
    y2 = tf.concat(
      [y2, tf.broadcastTo(unsqueeze(code, [1, 2]), [code.shape[0]!, y2.shape[1]!, y2.shape[2]!, code.shape[1]!])],
      3,
    );
    y2 = tanh(convTranspose(w, y2, out, 1));
    return y2;
  }
}
