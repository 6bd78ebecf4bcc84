import { mse } from "./losses.js";
import { IN } from "./norms.js";

// Params of specs/cyclegan.gan.
export const ch = 16;
export const blocks = 6;
export const norm = IN;
export const gan = mse;
export const weights = { cycle: 10, identity: 0.5 };
