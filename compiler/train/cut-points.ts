// Where the order of a phase is cut into graphs.
import type { Graph, NodeId } from "../graph/types";
import { Buffers, lastReads } from "./buffers";
import { Needs } from "./needs";
import { bytesIn, type Ordered } from "./order";

/** Where to cut an order into pieces of at most `most` nodes. */
export interface Cutting {
  readonly most: number;
  /** Whether a later piece makes a value again instead of keeping it. */
  readonly again: (id: NodeId) => boolean;
  /** Undefined: as much as it likes. */
  readonly room?: Room | undefined;
}
/** What values take, and how many bytes of buffers a piece may take, unless it is short. */
export interface Room {
  readonly needs: Needs;
  readonly bytes: number;
}

/** A part of what the neediest operation takes with what it reads: a piece goes on a little when its buffers are full, and much less would save nothing. */
export function roomOf(graph: Graph): Room {
  const needs = new Needs(graph);
  let neediest = 0;
  for (const { id, inputs } of graph.nodes) {
    const beside = needs.beside(id).reduce((sum, need) => sum + need.bytes, 0);
    if (beside > 0) neediest = Math.max(neediest, [id, ...inputs].reduce((sum, i) => sum + (needs.value(i)?.bytes ?? 0), beside));
  }
  return { needs, bytes: Math.max(LEAST_ROOM, NEEDIEST * neediest) };
}
/** Chosen at 128, 256 and 512 px: 0.5 takes half as many graphs more for 2 % of the memory, 0.8 another 8 % of the memory at 256 px. */
const NEEDIEST = 0.65;
/** Not worth another graph. */
const LEAST_ROOM = 16 << 20;

/**
 * Each piece ends where the least has to be kept and the most is let go, to be made again: between a network's forward and
 * backward pass.
 */
export function cutPoints(graph: Graph, { order, live }: Ordered, kept: ReadonlySet<NodeId>, { most, again, room }: Cutting): number[] {
  const lastUse = new Map<NodeId, number>();
  order.forEach((id, at) => {
    for (const i of graph.nodes[id]!.inputs) lastUse.set(i, at);
  });
  const bytes = bytesIn(graph);
  const reads = room && lastReads(room.needs, order);
  const points: number[] = [];
  let start = 0;
  while (order.length - start > most / (room ? FULL : SHORTEST)) {
    /** Bytes made since `start`, alive, and to be made again if the piece ended here. */
    let dropped = 0;
    const ending = new Map<number, number>();
    let best = -1;
    let least = Infinity;
    /** What an end at each place from `start` on is worth if buffers are full: what is made again is work, and nothing else asks for an end. */
    const work: number[] = [];
    const end = Math.min(start + most, order.length);
    // What is read behind the longest piece is handed over, and lies elsewhere.
    const taking = reads && new Buffers(room.needs, reads, (id) => kept.has(id) || reads.last[id]! >= end);
    let tight = false;
    for (let at = start; at < end && !tight; at++) {
      const id = order[at]!;
      const last = lastUse.get(id) ?? at;
      if (again(id) && !kept.has(id) && last > at) {
        dropped += bytes(id);
        ending.set(last, (ending.get(last) ?? 0) + bytes(id));
      }
      dropped -= ending.get(at) ?? 0;
      taking?.compute(id, at);
      if (at >= start + most / SHORTEST) {
        const cost = Math.round((live[at]! - 2 * dropped) / GRAIN);
        if (cost <= least) [best, least] = [at, cost];
      }
      work.push(Math.round((live[at]! + AGAIN * dropped) / GRAIN));
      tight = taking !== undefined && work.length > most / FULL && taking.taken > room!.bytes && taking.most() > room!.bytes;
    }
    if (!tight && order.length - start <= most && Math.round(live[order.length - 1]! / GRAIN) <= least) break;
    start = (tight ? start + leastBehind(work, work.length >> 1) : best) + 1;
    points.push(start);
  }
  return points.filter((at) => at < order.length);
}

/** The place of the least, the last of several, from `from` on. */
function leastBehind(list: readonly number[], from: number): number {
  let best = from;
  for (let i = from; i < list.length; i++) if (list[i]! <= list[best]!) best = i;
  return best;
}

/** Bytes that are no reason to cut elsewhere: one direction is to be cut where the other is, though it knows a few numbers more. */
const GRAIN = 65536;
/** What bytes to be made again weigh beside bytes to be kept, where nothing but buffers asks for an end. */
const AGAIN = 2;
/** A piece is at least this part of the longest. */
const SHORTEST = 4;
/** Before half of this part of the longest no piece ends because its buffers are full. */
const FULL = 12;
