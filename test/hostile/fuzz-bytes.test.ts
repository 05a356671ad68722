/**
 * Damaged replies from systemd and CRIU, and damaged mount tables: each gives a value, or the one error that the reader
 * documents. HOSTILE_SEED repeats a run; every run tries the inputs that once failed (corpus.ts).
 */
import { expect, test } from "bun:test";
import {
  decodeMessage,
  encodeMessage,
  METHOD_RETURN,
  messageLength,
} from "../../src/cgroup/systemd/message.ts";
import type { Value } from "../../src/cgroup/systemd/wire.ts";
import { decode, encode, type Message } from "../../src/criu/protobuf.ts";
import { parseMountinfo } from "../../src/host/mountinfo.ts";
import { damageBytes } from "../harness/damage.ts";
import { Random } from "../harness/random.ts";
import { keepInput, keptInputs } from "./corpus.ts";
import { tell } from "./results.ts";
import { rounds, seed } from "./rounds.ts";

const count = rounds(20_000, 1_000_000);

/** Errors that no reader throws on purpose. */
const isAccident = (error: unknown) =>
  error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError;

/** `attempt` throws if the input causes what it must not. */
function tryEach(
  key: string,
  make: (random: Random) => Uint8Array,
  attempt: (bytes: Uint8Array) => void,
): void {
  for (const { bytes } of keptInputs(key)) attempt(bytes);
  const random = new Random(seed);
  for (let round = 0; round < count; round++) {
    const bytes = make(random);
    try {
      attempt(bytes);
    } catch (error) {
      const kept = keepInput(key, round, bytes);
      throw new Error(`HOSTILE_SEED=${seed}, round ${round}, kept as ${kept}`, { cause: error });
    }
  }
}

function fuzz(key: string, whole: readonly Uint8Array[], read: (bytes: Uint8Array) => unknown): void {
  let refused = 0;
  const attempt = (bytes: Uint8Array) => {
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof Error) || isAccident(error)) throw error;
      refused++;
    }
  };
  tryEach(key, (random) => damageBytes(random.pick(whole), random), attempt);
  expect(refused).toBeGreaterThan(0);
  tell(key, { inputs: count, refused });
}

const replies = [
  { replySerial: 1, signature: "s", body: ["/org/freedesktop/systemd1/job/1"] },
  { replySerial: 2, signature: "v", body: [{ signature: "as", value: ["a", "b"] }] },
  {
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "JobRemoved",
    signature: "uoss",
    body: [1, "/org/freedesktop/systemd1/job/1", "a.scope", "done"],
  },
  {
    replySerial: 3,
    signature: "a(sv)a{sv}",
    body: [[["x", { signature: "t", value: 5n }]], [["y", { signature: "b", value: true }]]],
  },
];

test(`D-Bus messages, HOSTILE_SEED=${seed}`, () => {
  const corpus = replies.map((reply) =>
    encodeMessage(METHOD_RETURN, 7, { ...reply, body: reply.body as Value[] }),
  );
  for (const bytes of corpus) expect(decodeMessage(bytes).serial).toBe(7);
  fuzz("D-Bus", corpus, (bytes) => {
    if (messageLength(bytes) > 0) decodeMessage(bytes);
  });
}, 600_000);

const inner = { name: [1, "string"], value: [2, "uint32"] } as const satisfies Message;
const outer = {
  type: [1, "int32"],
  success: [2, "bool"],
  text: [3, "string"],
  list: [4, inner, "repeated"],
} as const satisfies Message;

test(`CRIU's messages, HOSTILE_SEED=${seed}`, () => {
  const corpus = [
    encode(outer, { type: -1, success: true, text: "t", list: [{ name: "n", value: 7 }] }),
    encode(outer, { type: 5, success: false, text: "\u00fc".repeat(40), list: [{}, {}] }),
  ];
  fuzz("CRIU", corpus, (bytes) => decode(outer, bytes));
}, 600_000);

const lines = [
  "28 1 0:20 / /a\\040b rw,nosuid master:1 propagate_from:2 - proc proc rw",
  "30 28 0:22 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
  "31 28 0:23 /\\134x /sys/fs/cgroup ro unbindable - cgroup2 none rw,nsdelegate",
];

/** Whatever a line contains, the lines before and after it are read. */
test(`mount tables, HOSTILE_SEED=${seed}`, () => {
  const corpus = lines.map((line) => new TextEncoder().encode(line));
  const [whole] = parseMountinfo(`${lines[1]}\n`);
  const attempt = (bytes: Uint8Array) => {
    const damaged = new TextDecoder().decode(bytes);
    const entries = parseMountinfo(`${lines[1]}\n${damaged}\n${lines[1]}\n`);
    expect([damaged, entries[0], entries.at(-1)]).toEqual([damaged, whole, whole]);
  };
  tryEach("mount tables", (random) => damageBytes(random.pick(corpus), random), attempt);
  tell("mount tables", { inputs: count });
}, 600_000);
