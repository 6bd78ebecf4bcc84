import { renderEmoji } from "../../runtime/data/emoji";
import { print } from "../table";

export interface EmojiFlags {
  readonly from: string;
  readonly to: string;
  readonly size: number;
  readonly out: string;
  readonly heldOut?: number;
  readonly count?: number;
  readonly json?: boolean;
}

export async function emojiCommand(options: EmojiFlags): Promise<void> {
  const live = process.stderr.isTTY === true;
  const onProgress = (done: number, total: number): void => {
    if (live) process.stderr.write(`\rrendering ${done}/${total}${done === total ? "\n" : ""}`);
  };
  const { json = false, ...rest } = options;
  const made = await renderEmoji({ ...rest, onProgress });
  const counts = { trainA: made.trainA.length, trainB: made.trainB.length, test: made.test.length };
  if (json) return print(JSON.stringify({ out: made.out, common: made.common, ...counts, credit: made.credit }));
  print(`${made.out}: trainA ${counts.trainA}, trainB ${counts.trainB}, testA = testB ${counts.test} true pairs, ${options.size} px`);
  print(made.credit);
}
