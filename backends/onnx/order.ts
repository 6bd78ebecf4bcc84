// In which order onnxruntime runs the operators of a model. Not that of the file: from the last operator whose results no other one
// reads it goes back to what that needs, of several operands to the one that stands last in the file; then to the next such end. Left to
// chance, a backward pass would make every gradient by an input first and every gradient of a kernel after them all, with all operands
// of all of them alive. So the file is sorted such that this walk meets the operators in the order they were planned in.
// (onnxruntime 1.30: Graph::ReverseDFSFrom in core/graph/graph.cc, as GraphViewer calls it for ExecutionOrder::DEFAULT.)
import type { Operator } from "./operator";

/** For each operator those that make what it reads, without repetition, ascending. */
function producers(operators: readonly Operator[]): number[][] {
  const maker = new Map<string, number>();
  operators.forEach((o, i) => o.outputs.forEach((name) => maker.set(name, i)));
  return operators.map((o) => {
    const from: number[] = [];
    for (const name of o.inputs) {
      const at = maker.get(name);
      if (at !== undefined && !from.includes(at)) from.push(at);
    }
    return from.length > 1 ? from.sort((a, b) => a - b) : from;
  });
}

function readersOf(made: readonly (readonly number[])[]): number[][] {
  const readers = made.map((): number[] => []);
  made.forEach((from, i) => from.forEach((f) => readers[f]!.push(i)));
  return readers;
}

/** Places in the file in the order in which the runtime comes to them. */
export function executionOrder(operators: readonly Operator[]): number[] {
  const made = producers(operators);
  const read = readersOf(made);
  const seen = new Uint8Array(operators.length);
  const order: number[] = [];
  const open = operators.flatMap((_, i) => (read[i]!.length === 0 ? [{ at: i, leave: false }] : []));
  for (let top = open.pop(); top; top = open.pop()) {
    if (top.leave) order.push(top.at);
    else if (!seen[top.at]) {
      seen[top.at] = 1;
      open.push({ at: top.at, leave: true }, ...made[top.at]!.filter((i) => !seen[i]).map((at) => ({ at, leave: false })));
    }
  }
  return order;
}

/**
 * Sorted anew for the runtime's walk. The ends stand last, the one planned first behind all others: it is met first. Of the rest, whenever
 * several could come next in the file, it is the one planned last: so, of several operands, the one planned first stands behind the others.
 *
 * @param operators in the order in which they should run
 */
export function sortedForWalk(operators: readonly Operator[]): Operator[] {
  const made = producers(operators);
  const read = readersOf(made);
  const waiting = made.map((from) => from.length);
  const ready = new Latest();
  waiting.forEach((n, i) => n === 0 && ready.push(i));
  const sorted: Operator[] = [];
  const ends = operators.filter((_, i) => read[i]!.length === 0).reverse();
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    if (read[next]!.length > 0) sorted.push(operators[next]!);
    for (const r of read[next]!) if (--waiting[r]! === 0) ready.push(r);
  }
  return [...sorted, ...ends];
}

/** A heap of numbers, the largest first. */
class Latest {
  readonly #heap: number[] = [];

  push(value: number): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    for (let up = (at - 1) >> 1; at > 0 && heap[up]! < value; at = up, up = (at - 1) >> 1) heap[at] = heap[up]!;
    heap[at] = value;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const [first, last] = [heap[0], heap.pop()];
    if (heap.length === 0 || last === undefined) return first;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (down + 1 < heap.length && heap[down + 1]! > heap[down]!) down++;
      if (heap[down]! <= last) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}
