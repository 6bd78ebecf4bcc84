import type { OpName } from "../graph/types";
import * as binary from "./binary";
import { contract } from "./contract";
import { conv, conv_input_adjoint, conv_kernel_adjoint } from "./conv";
import { concat, embed, slice } from "./cut";
import { flatten, unflatten } from "./flatten";
import { constant, input, size, stop } from "./leaves";
import { pad, pad_adjoint, upsample, upsample_adjoint } from "./pixels";
import { avg_pool, avg_pool_adjoint } from "./pool";
import type { OpRecord } from "./record";
import { max, max_mask, mean, sum } from "./reduce";
import { expand, rename, squeeze, unsqueeze } from "./repeat";
import * as unary from "./unary";

/** Every operation's record: one that is missing is a type error. */
export const table: { readonly [K in OpName]: OpRecord<K> } = {
  input,
  constant,
  size,
  ...unary,
  ...binary,
  sum,
  mean,
  max,
  max_mask,
  expand,
  rename,
  flatten,
  unflatten,
  concat,
  slice,
  embed,
  squeeze,
  unsqueeze,
  pad,
  pad_adjoint,
  upsample,
  upsample_adjoint,
  avg_pool,
  avg_pool_adjoint,
  conv,
  conv_input_adjoint,
  conv_kernel_adjoint,
  contract,
  stop,
};

export const recordOf = <K extends OpName>(op: K): OpRecord<K> => table[op];

export const opNames = Object.keys(table) as OpName[];
