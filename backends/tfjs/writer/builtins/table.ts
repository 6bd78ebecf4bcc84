// How everything that is built in is written. A test walks the compiler's own table: what is missing here is a message.
import type { Body } from "../body";
import type { Arguments } from "../builtin-call";
import type { TextValue } from "../values";
import { chance } from "./chance";
import { layers } from "./layers";
import { math } from "./math";
import { shapes } from "./shapes";

export type Writer = (b: Body, a: Arguments) => TextValue;

export const writers: Readonly<Record<string, Writer>> = { ...layers, ...math, ...shapes, ...chance };
