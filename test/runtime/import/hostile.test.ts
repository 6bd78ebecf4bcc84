// Files that lie, are cut off or damaged: one line, nothing run, nothing large allocated.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../runtime/files/errors";
import { goldenBytes, put, readAll } from "./kit";
import { checkpoint, legacy, oneTensor, op, pickle, zip } from "./pickles";

/** The error's one line. */
async function says(bytes: Buffer): Promise<string> {
  const e = await readAll(put("hostile.pt", bytes));
  expect(e, String(e)).toBeInstanceOf(UserError);
  const { message } = e as UserError;
  expect(message).not.toContain("\n");
  return message;
}

/** Each in both formats; the old one without storages where nothing asks for them. */
const both = (object: Buffer): Buffer[] => [checkpoint(object), legacy(object, object.includes("storage") ? ["0"] : [], object.includes("storage") ? undefined : Buffer.alloc(0))];

it("reads what these tests put together, where it is sound", async () => {
  for (const bytes of both(oneTensor())) expect(await readAll(put("sound.pt", bytes))).toBeUndefined();
});

describe("a pickle", () => {
  it.each([
    ["calls os.system", [op.global("os", "system"), op.mark, op.string("touch /tmp/owned"), op.tuple, op.reduce], /at byte 2, names os\.system, which is no part of a checkpoint/],
    ["calls it under posix's name", [op.global("posix", "system"), op.emptyTuple, op.reduce], /names posix\.system/],
    ["calls builtins.eval", [op.emptyDict, op.global("builtins", "eval")], /at byte 3, names builtins\.eval/],
    ["names a class of torch that is none of ours", [op.global("torch.nn.modules.conv", "Conv2d")], /names torch\.nn\.modules\.conv\.Conv2d/],
    ["names through the stack", [op.string("os"), op.string("popen"), Buffer.from([0x93])], /at byte 19, names os\.popen/],
    ["names it with signs that a terminal would obey", [op.global("o\u001b[2J", "x")], /names o\?\[2J\.x/],
    ["has an opcode of an object (INST)", [op.mark, Buffer.from("ios\nsystem\n")], /at byte 3, has an unknown opcode, 0x69/],
    ["has an opcode of an extension (EXT1)", [Buffer.from([0x82, 1])], /unknown opcode, 0x82/],
    ["has a byte that is no opcode", [Buffer.from([0xff])], /unknown opcode, 0xff/],
    ["calls a storage's type", [op.global("torch", "FloatStorage"), op.emptyTuple, op.reduce], /calls torch\.FloatStorage, which is no function/],
    ["calls what is no function", [op.string("x"), op.emptyTuple, op.reduce], /calls what is no function/],
    ["sets the state of a list", [op.emptyList, op.emptyDict, op.build], /sets the state of what is no dictionary/],
    ["takes from an empty stack", [op.setItem], /takes a value that is not there/],
    ["closes what was never opened", [op.tuple], /closes what was never opened/],
    ["recalls what was never kept", [op.get(9)], /recalls value 9/],
    ["has a text longer than the file", [Buffer.from("X\xff\xff\xff\xff", "latin1")], /a text of 4294967295 bytes/],
    ["has a number of 4 GB", [Buffer.from([0x8b, 0xff, 0xff, 0xff, 0xff])], /a whole number of 4294967295 bytes/],
    ["is of protocol 9", [Buffer.from([0x80, 9])], /of protocol 9/],
    ["has a name without an end", [Buffer.from(`c${"x".repeat(5000)}`)], /a name without an end/],
    ["refers to what is no storage", [op.string("hello"), op.persistent], /refers to something that is no storage/],
  ] as const)("that %s is refused", async (_, parts, message) => {
    for (const bytes of both(pickle(...parts))) expect(await says(bytes)).toMatch(message);
  });

  it("whose tensor has a name that a terminal would obey is refused", async () => {
    const named = Buffer.from(oneTensor().toString("latin1").replace("X\u0001\u0000\u0000\u0000w", "X\u0005\u0000\u0000\u0000\u001b[2Jw"), "latin1");
    for (const bytes of both(named)) expect(await says(bytes)).toMatch(/a tensor of the name \?\[2Jw$/);
  });

  it("that never stops is cut off", async () => {
    const endless = pickle(Buffer.alloc(100, op.none)).subarray(0, -1);
    expect(await says(checkpoint(endless))).toMatch(/cut off/);
    expect(await says(legacy(endless, [], Buffer.alloc(0)).subarray(0, -20))).toMatch(/cut off/);
  });

  it("that takes too many steps is refused in a moment", async () => {
    const many = pickle(Buffer.alloc(3_000_000, op.emptyList));
    for (const bytes of both(many)) expect(await says(bytes)).toMatch(/takes more than 2,000,000 steps/);
  });

  it("whose dictionaries multiply when they are walked is refused (a bomb of references)", async () => {
    // Four times the list before, 25 deep: 4^25 values from 400 bytes.
    const levels = Array.from({ length: 25 }, (_, i) => Buffer.concat([op.emptyList, op.put(i + 1), op.mark, op.get(i), op.get(i), op.get(i), op.get(i), Buffer.from("e")]));
    for (const bytes of both(pickle(op.emptyList, op.put(0), ...levels))) expect(await says(bytes)).toMatch(/holds more than 200,000 values/);
  });

  it("whose list of pairs is made a dictionary again and again is refused in a moment", async () => {
    // 50,000 pairs from 150,000 steps, then 100,000 times OrderedDict(pairs): 5·10^9 entries if each were made.
    const pairs = Buffer.concat([op.emptyList, op.put(0), op.mark, Buffer.concat(Array.from({ length: 50_000 }, (_, i) => Buffer.concat([op.int(i), op.none, op.tuple2]))), Buffer.from("e")]);
    const again = Buffer.concat([op.get(1), op.get(0), Buffer.from([0x85]), op.reduce, Buffer.from("0")]);
    const many = pickle(op.global("collections", "OrderedDict"), op.put(1), pairs, Buffer.concat(Array.from({ length: 100_000 }, () => again)));
    for (const bytes of both(many)) expect(await says(bytes)).toMatch(/takes more than 2,000,000 steps/);
  });

  it("with a name of a megabyte before each of a hundred thousand tensors is refused in a moment", async () => {
    const one = oneTensor().subarray(2, -1); // { w: tensor }
    const rows = Buffer.concat(Array.from({ length: 100_000 }, (_, i) => Buffer.concat([op.int(i), op.get(7)])));
    const long = pickle(one, op.put(7), op.emptyDict, op.string("k".repeat(1 << 20)), op.emptyDict, op.mark, rows, op.setItems, op.setItem);
    for (const bytes of both(long)) expect(await says(bytes)).toMatch(/a name of 1,048,576 characters/);
  });

  it("that holds itself is refused", async () => {
    for (const bytes of both(pickle(op.emptyList, op.put(0), op.get(0), op.append))) expect(await says(bytes)).toMatch(/more than 32 deep/);
  });
});

describe("a tensor", () => {
  const huge = 1n << 62n;
  it.each([
    ["larger than its storage", { shape: [3n, 3n] }, /reaches to element 9 of a storage of 6/],
    ["that begins behind its storage", { offset: 1n }, /reaches to element 7/],
    ["whose strides lead out of it", { strides: [4n, 1n] }, /reaches to element 7/],
    ["of a size beyond counting", { shape: [huge, huge], strides: [huge, huge] }, /a size that is no whole number/],
    ["of 2^52 values that are one", { shape: [1n << 26n, 1n << 26n], strides: [0n, 0n] }, undefined],
    ["of a negative size", { shape: [-2n, 3n] }, /a size that is no whole number/],
    ["of a negative stride", { strides: [-3n, 1n] }, /strides that is no whole number/],
    ["with a stride too many", { strides: [3n, 1n, 1n] }, /2 sizes and 3 strides/],
    ["of 17 axes", { shape: Array.from({ length: 17 }, () => 1n), strides: Array.from({ length: 17 }, () => 1n) }, /17 axes/],
    ["in a storage that the file does not hold", { count: 1n << 40n }, /1099511627776/],
    ["in a storage without a record", { key: "1" }, /missing|names one that no tensor has/],
    ["of a storage that leads out of the folder", { key: "../../../etc/passwd" }, /refers to something that is no storage/],
    ["whose numbers are to be negated", { bit: "neg" }, /a tensor with neg set/],
    ["of an unknown type", { type: "QInt8Storage" }, /names torch\.QInt8Storage/],
  ] as const)("%s", async (_, lie, message) => {
    for (const bytes of both(oneTensor(lie))) {
      if (message) expect(await says(bytes)).toMatch(message);
      else expect(await readAll(put("sound.pt", bytes))).toBeUndefined(); // sound in itself; its shape is what no spec wants
    }
  });
});

describe("a zip", () => {
  it.each([
    ["with a compressed record (a bomb has no other way)", checkpoint(oneTensor(), { "archive/data/0": { method: 8 } }), /data\/0 is compressed/],
    ["of a TorchScript program", checkpoint(oneTensor(), { "archive/code/m.py": { method: 8 } }, { "archive/constants.pkl": Buffer.from("x"), "archive/code/m.py": Buffer.from("x") }), /is a TorchScript archive, a program with its weights$/],
    ["with an encrypted record", checkpoint(oneTensor(), { "archive/data.pkl": { flags: 1 } }), /zip cannot be read|encrypted/],
    ["whose record claims more than the file has", checkpoint(oneTensor(), { "archive/data/0": { size: 1 << 30 } }), /zip cannot be read|cut off/],
    ["whose pickle claims 1 GB", checkpoint(oneTensor(), { "archive/data.pkl": { size: 1 << 30 } }), /zip cannot be read|cut off|refused/],
    ["whose record lies beyond the end", checkpoint(oneTensor(), { "archive/data/0": { offset: 1 << 30 } }), /cut off: bytes 1073741824/],
    ["with another checksum", checkpoint(oneTensor(), { "archive/data/0": { crc: 7 } }), /the checksum of archive\/data\/0 does not hold/],
    ["with another checksum of the pickle", checkpoint(oneTensor(), { "archive/data.pkl": { crc: 7 } }), /the checksum of archive\/data\.pkl does not hold/],
    ["of other things", zip({ "hello.txt": Buffer.from("hello") }), /0 records named data\.pkl/],
    ["with two pickles", zip({ "a/data.pkl": oneTensor(), "b/data.pkl": oneTensor() }), /2 records named data\.pkl/],
    ["that counts more records than it has", zip({ "a/data.pkl": oneTensor() }, {}, 60000), /cut off/],
    ["with a name that climbs out", zip({ "../data.pkl": oneTensor() }), /zip cannot be read/],
    ["of a big-endian machine", zip({ "a/data.pkl": oneTensor(), "a/byteorder": Buffer.from("big") }), /big-endian/],
    ["that is no zip", Buffer.from("PK\u0003\u0004 and nothing more"), /zip cannot be read/],
  ] as const)("%s", async (_, bytes, message) => {
    expect(await says(bytes)).toMatch(message);
  });
});

describe("the old format", () => {
  it.each([
    ["of another magic number", pickle(op.int(5)), /not one of torch\.save/],
    ["without its storages", legacy(oneTensor(), ["0"], Buffer.alloc(0)), /cut off/],
    ["with a storage cut off", legacy(oneTensor(), ["0"], Buffer.concat([Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(23)])), /cut off or overwritten/],
    ["with a count of 2^62", legacy(oneTensor(), ["0"], Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x40]), Buffer.alloc(24)])), /cut off or overwritten/],
    ["with a negative count", legacy(oneTensor(), ["0"], Buffer.alloc(32, 0xff)), /cut off or overwritten/],
    ["with something behind its end", Buffer.concat([legacy(oneTensor()), Buffer.alloc(1)]), /1 bytes follow/],
  ] as const)("%s", async (_, bytes, message) => {
    expect(await says(bytes)).toMatch(message);
  });
});

it.each([
  ["empty", Buffer.alloc(0), /is empty/], ["text", Buffer.from("hello, I am a checkpoint"), /neither a PyTorch checkpoint nor/],
  ["a web page", Buffer.from("<!DOCTYPE html><html>"), /it begins with "<!DOCTYPE html><"$/],
  ["gzip", Buffer.from("1f8b080000000000", "hex"), /an archive/], ["one byte", Buffer.from([0x80]), /cut off/],
  ["a safetensors header of 4 GB", Buffer.from('\u00ff\u00ff\u00ff\u00ff\u0000\u0000\u0000\u0000{"a":1}', "latin1"), /does not begin with a safetensors header/],
] as const)("a file that is %s is named as such", async (_, bytes, message) => {
  expect(await says(bytes)).toMatch(message);
});

describe.each(["curious-zip.pt", "curious-legacy.pt"])("%s", (name) => {
  const whole = goldenBytes(name);

  it("cut off at any place is damaged", async () => {
    for (let at = 0; at < whole.length; at += at < 100 || at > whole.length - 150 ? 1 : 13) await says(whole.subarray(0, at));
  }, 120_000);

  it("with any bytes changed is read or refused, never anything else", async () => {
    const change = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(fc.asyncProperty(change, async (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      const e = await readAll(put("changed.pt", bytes));
      if (e !== undefined) expect(e).toBeInstanceOf(UserError);
    }), { numRuns: 300, seed: 1 });
  }, 120_000);
});

it("any bytes behind a sound beginning are read or refused", async () => {
  const heads = [Buffer.from("PK\u0003\u0004", "latin1"), Buffer.from("8002", "hex"), legacy(Buffer.alloc(0)).subarray(0, 23), Buffer.from([40, 0, 0, 0, 0, 0, 0, 0, 0x7b])];
  await fc.assert(fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 300 }), async (head, tail) => {
    const e = await readAll(put("random.pt", Buffer.concat([head, tail])));
    if (e !== undefined) expect(e).toBeInstanceOf(UserError);
  }), { numRuns: 300, seed: 1 });
});

it.skipIf(process.platform === "win32")("a named pipe is no file, and is not waited for", async () => {
  const pipe = put("pipe.pt", Buffer.alloc(0));
  rmSync(pipe);
  execFileSync("mkfifo", [pipe]);
  expect(await readAll(pipe)).toMatchObject({ message: `${pipe} is not a file` });
});

it("a flipped bit in a tensor of a zip is found by its checksum", async () => {
  const whole = goldenBytes("curious-zip.pt");
  const data = whole.indexOf("archive/data/0") + 64; // inside the record's padding or numbers: only the latter count
  let found = 0;
  for (let at = data; at < data + 100; at += 2) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 4;
    const e = await readAll(put("flipped.pt", bytes));
    if (e instanceof UserError && e.message.includes("checksum")) found++;
  }
  expect(found).toBeGreaterThan(5);
});
