/**
 * A program that starts from an image, as dist/bunc does, and then asks of the engine, the allocator and Bun what a command may:
 * built, run from its image and with the normal start by build/image-stress.test.ts. Prints what came of it.
 */
import { startRecord } from "../../src/host/start-record.ts";
import { native } from "../../src/native/call.ts";

/** What lives when the image is taken, and is used afterwards. */
const kept = Array.from({ length: 20_000 }, (_, index) => ({
  index,
  name: `kept ${index}`,
  table: new Map([[index, `${index}`]]),
}));

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total = (total * 31 + number) % 1_000_000_007;
  return total;
}

/** Objects of many shapes, most of which die at once; the allocator gives back what they had. */
function churn(rounds: number): number {
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const objects = Array.from({ length: 3000 }, (_, index) => {
      const object: Record<string, number> = {};
      for (let property = 0; property < (index % 40) + 1; property++) object[`p${property}_${round}`] = index;
      return object;
    });
    const wide: Record<string, number> = {};
    for (let index = 0; index < 5000; index++) wide[`wide${index}`] = index;
    const map = new Map(objects.map((object, index) => [`${index}`, object]));
    total = sum([total, map.size, wide[`wide${round * 7}`] ?? -1, Object.keys(wide).length]);
    for (let index = round % 7; index < kept.length; index += 7)
      kept[index] = { index, name: `round ${round}`, table: new Map([[index, `${round}`]]) };
    Bun.gc(round % 3 === 0);
    // Longer than the allocator waits before it gives memory back.
    Bun.sleepSync(15);
  }
  return total;
}

/** Memory that is new must be zero, whatever was there. */
function zeros(): number {
  let bad = 0;
  for (let round = 0; round < 4; round++) {
    const blocks = Array.from(
      { length: 20 },
      (_, index) => new Uint8Array(((index * 37) % 64) * 65536 + 4096),
    );
    for (const block of blocks) {
      if (block.some((byte) => byte !== 0)) bad++;
      block.fill(round + 1);
    }
    Bun.gc(true);
    Bun.sleepSync(10);
  }
  return bad;
}

/** Each of a shape of its own, which the engine keeps in a place of 4 GiB that it reserves at its start. */
function shapes(): number {
  const objects: object[] = [];
  for (let index = 0; index < 600_000; index++) objects.push({ [`shape${index}`]: index });
  return objects.length;
}

function recursion(): string {
  const deep = (depth: number): number => 1 + deep(depth + 1);
  try {
    return `${deep(0)}`;
  } catch (error) {
    return (error as Error).name;
  }
}

function expressions(): number {
  let found = 0;
  for (let index = 0; index < 300; index++) {
    const expression = new RegExp(`(a|b)*${index}(?<rest>[^x]+)x{${index % 5},}`);
    if (expression.test(`abab${index}rest${"x".repeat(index % 7)}`)) found++;
  }
  return found;
}

function parsed(): number {
  const text = JSON.stringify(kept.map(({ index, name }) => ({ index, name, deep: [[{ name }]] })));
  const again = JSON.parse(text) as { index: number; deep: { name: string }[][][] }[];
  return sum(again.map(({ index, deep }) => index + JSON.stringify(deep).length));
}

function child(): string {
  const { exitCode, stdout } = Bun.spawnSync(["/bin/sh", "-c", "echo from a child; exit 3"]);
  return `${exitCode} ${stdout.toString().trim()}`;
}

function thrown(): number {
  let lines = 0;
  for (let index = 0; index < 2000; index++) {
    try {
      kept[kept.length]?.name.trim();
      throw new TypeError(`number ${index}`, { cause: index });
    } catch (error) {
      lines += (error as Error).stack?.split("\n").length ?? 0;
    }
  }
  return lines > 0 ? 1 : 0;
}

async function later(): Promise<string> {
  const order: string[] = [];
  queueMicrotask(() => order.push("microtask"));
  await Promise.all([1, 2, 3].map(async (number) => order.push(`${await number}`)));
  return order.join();
}

async function run(): Promise<void> {
  console.log("churn", churn(8));
  console.log("zeros", zeros());
  console.log("shapes", shapes());
  console.log("recursion", recursion());
  console.log("expressions", expressions());
  console.log("parsed", parsed());
  console.log("child", child());
  console.log("thrown", thrown());
  console.log("later", await later());
  console.log("churn", churn(3));
  console.log("kept", sum(kept.map(({ index, table }) => Number(table.get(index)))));
  console.log("date", new Date(0).toISOString(), Date.now() > 1_767_225_600_000);
  console.log(
    "big",
    (2n ** 2000n).toString().length,
    new TextDecoder().decode(new TextEncoder().encode("ä€")),
  );
}

async function begin(): Promise<void> {
  const isRecorder = startRecord?.kind === "recording";
  if (isRecorder && !native("take_image", {}).started) process.exit(1);
  await run();
  console.error(isRecorder ? "image" : "normal");
  process.exit(0);
}

begin();
