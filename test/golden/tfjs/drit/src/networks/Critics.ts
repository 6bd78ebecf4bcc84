import { avgPool } from "../lib/resample.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Critic } from "../networks/Critic.js";

/** network Critics, specs/drit.gan:62 */
export class Critics {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor[] {
    const w = this.weights.enter();
    const all: Tensor[] = [];
    all.push(new Critic(w.place("Critic")).call(x));
    {
      let y: Tensor = x;
      for (let i = 0; i < 1; i++) {
        y = avgPool(y, 3, { stride: 2, pad: 1, countPad: false });
      }
      all.push(new Critic(w.place("Critic")).call(y));
    }
    {
      let y: Tensor = x;
      for (let i = 0; i < 2; i++) {
        y = avgPool(y, 3, { stride: 2, pad: 1, countPad: false });
      }
      all.push(new Critic(w.place("Critic")).call(y));
    }
    return all;
  }
}
