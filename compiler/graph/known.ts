import type { GraphNode, NodeId } from "./types";

/** Buckets of a small graph; a power of 2. */
const LEAST = 256;

/**
 * Finds a node by what it computes. A hash table of our own: graphs are copied by every pass, and building a string for
 * each node of each copy was most of the time an optimization took.
 */
export class Known {
  /** The latest node of each bucket, and for each node the one before it in its bucket; −1 where there is none. */
  private buckets = new Int32Array(0);
  private before = new Int32Array(0);
  private hashes = new Int32Array(0);

  /** @param room nodes that are expected; more cost a little time */
  constructor(private readonly nodes: readonly GraphNode[], room: number) {
    let size = LEAST;
    while (size < room) size *= 2;
    this.resize(size, 0);
  }

  find(op: string, attrs: object, inputs: readonly NodeId[], hash: number): NodeId | undefined {
    for (let id = this.buckets[hash & (this.buckets.length - 1)]!; id >= 0; id = this.before[id]!) {
      if (this.hashes[id] !== hash) continue;
      const node = this.nodes[id]!;
      if (node.op === op && sameInputs(node.inputs, inputs) && sameAttrs(node.attrs, attrs)) return id;
    }
    return undefined;
  }

  /** Nodes are put in the order of their ids. */
  put(id: NodeId, hash: number): void {
    if (id >= this.buckets.length) this.resize(this.buckets.length * 4, id);
    this.hashes[id] = hash;
    this.link(id);
  }

  /** @param count nodes that are there */
  private resize(size: number, count: number): void {
    const { hashes } = this;
    this.buckets = new Int32Array(size).fill(-1);
    this.before = new Int32Array(size);
    this.hashes = new Int32Array(size);
    this.hashes.set(hashes);
    for (let i = 0; i < count; i++) this.link(i);
  }

  private link(id: NodeId): void {
    const at = this.hashes[id]! & (this.buckets.length - 1);
    this.before[id] = this.buckets[at]!;
    this.buckets[at] = id;
  }
}

/** Of the operation and its operands; a leaf has only its attributes, of which a name is enough. */
export function hashOf(op: string, attrs: object, inputs: readonly NodeId[]): number {
  let hash = inputs.length > 0 ? hashOfOp(op) : hashOfLeaf(op, attrs);
  for (let i = 0; i < inputs.length; i++) hash = Math.imul(hash ^ inputs[i]!, 0x9e3779b1) ^ (hash >>> 15);
  return hash;
}

// Operations are some fifty, and leaves keep their attributes from pass to pass.
const ofOps = new Map<string, number>();
const ofLeaves = new WeakMap<object, number>();

function hashOfOp(op: string): number {
  let hash = ofOps.get(op);
  if (hash === undefined) ofOps.set(op, (hash = hashText(op)));
  return hash;
}

function hashOfLeaf(op: string, attrs: object): number {
  let hash = ofLeaves.get(attrs);
  if (hash === undefined) ofLeaves.set(attrs, (hash = hashText(op + ("name" in attrs ? String(attrs.name) : textOf(attrs)))));
  return hash;
}

export const hashOfAttrs = (attrs: object): number => (isEmpty(attrs) ? 0 : hashText(textOf(attrs)));

function hashText(text: string): number {
  let hash = 17;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

export function sameInputs(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// Passes copy nodes with the attributes they had, so most are seen many times.
const texts = new WeakMap<object, string>();

export const sameAttrs = (a: object, b: object): boolean => a === b || (isEmpty(a) ? isEmpty(b) : textOf(a) === textOf(b));

/** As most are: an operation that combines two operands needs no more. */
function isEmpty(attrs: object): boolean {
  for (const _ in attrs) return false;
  return true;
}

function textOf(attrs: object): string {
  let text = texts.get(attrs);
  if (text === undefined) {
    text = JSON.stringify(attrs, exactly);
    texts.set(attrs, text);
  }
  return text;
}

/** JSON has no word for these, and would make different constants the same node. */
function exactly(_: string, value: unknown): unknown {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? "-0" : String(value);
}
