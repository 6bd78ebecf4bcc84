import { Plain } from "./heads.js";
import type { Reparam } from "./lib/layers.js";
import type { Scope } from "./lib/scope.js";
import type { Tensor } from "./lib/tf.js";
import { mse } from "./losses.js";
import { AdaLIN, ILN, IN } from "./norms.js";
import { spectral } from "./reparams.js";

// Params of specs/ugatit.gan.
/** channels of the first layer */
export const ch = 16;
/** residual blocks on each side of the bottleneck */
export const blocks = 2;
/** Adam's learning rate before the schedule */
export const rate = 0.0001;
export const weights = { adversarial: 1, cycle: 10, identity: 10, cam: 1000, penalty: 0 };
/** units of the style MLP's hidden layers */
export const style_width = 64;
/** what stands for a weight; plain: no spectral norm */
export const critic_weight: Reparam = spectral;
/** mse, bce, hinge or critic_score */
export const critic_loss = mse;
/** mse, bce or critic_score */
export const generator_loss = mse;
/** weight decay */
export const decay = 0.0001;
export const encoder_norm = IN;
export const decoder_norm = (at: Scope, y: Tensor, styles: { gamma: Tensor; beta: Tensor }) =>
  AdaLIN(at, y, { start: 0.9, ...styles });
export const upsample_norm = ILN;
export const generator_head = Plain;
export const discriminator_head = Plain;
