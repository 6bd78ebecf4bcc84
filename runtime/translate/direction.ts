// What an export's name says: `A2B` reads A's pictures and makes B's.
import type { DataStreamSpec, Program } from "../../compiler/program";

export interface Direction {
  readonly from: string;
  readonly to: string;
}

export function directionOf(name: string): Direction | undefined {
  const [, from, to] = /^(.+)2(.+)$/.exec(name) ?? [];
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** The stream an export draws from and whose test steps prepare its pictures: A's for `A2B`, the first one for any other name. */
export function streamOf({ data }: Pick<Program, "data">, name: string): DataStreamSpec | undefined {
  const from = directionOf(name)?.from;
  return data.find((stream) => stream.name === from) ?? data[0];
}
