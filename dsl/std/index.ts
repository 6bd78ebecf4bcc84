// The standard library: text in the language, bundled with the compiler.
import blocks from "./blocks.gan";
import heads from "./heads.gan";
import inits from "./inits.gan";
import losses from "./losses.gan";
import norms from "./norms.gan";
import penalties from "./penalties.gan";
import reparams from "./reparams.gan";

export const std: Readonly<Record<string, string>> = {
  "std/blocks": blocks,
  "std/heads": heads,
  "std/inits": inits,
  "std/losses": losses,
  "std/norms": norms,
  "std/penalties": penalties,
  "std/reparams": reparams,
};
