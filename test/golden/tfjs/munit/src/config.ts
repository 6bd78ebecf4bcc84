import { mse } from "./losses.js";
import { AdaIN } from "./norms.js";

// Params of specs/munit.gan.
export const ch = 16;
export const blocks = 4;
export const style_dim = 8;
export const style_norm = AdaIN;
export const gan = mse;
export const weights = { gan: 1, image: 10, style: 1, content: 1, cycle: 0 };
