// Params of specs/drit.gan.
export const ch = 16;
export const attributes = 8;
export const weights = { reconstruct: 10, latent: 10, kl: 0.01, seek: 1 };
