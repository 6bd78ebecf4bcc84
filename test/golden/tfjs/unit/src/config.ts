// Params of specs/unit.gan.
export const ch = 16;
/** residual blocks that each domain keeps to itself */
export const blocks = 3;
/** residual blocks that both domains share, on each side of the latent code */
export const shared_blocks = 1;
export const weights = { gan: 10, reconstruct: 100, cycle: 100, kl: 0.1, kl_cycle: 0.1 };
