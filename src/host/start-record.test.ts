import { describe, expect, test } from "bun:test";
import { parseStartRecord, takeStartRecord } from "./start-record.ts";

const descriptors = `7${"0".repeat(62)}8`;
const text = `3,1,1024,18446744073709551615,0,${descriptors}`;

describe("a record", () => {
  const record = parseStartRecord(text);

  test("kind, limits and working directory", () => {
    expect(record?.kind).toBe("asked");
    expect(record?.noFile).toEqual({ soft: "1024", hard: "18446744073709551615" });
    expect(record?.cwdDeleted).toBe(false);
  });

  test.each([
    [0, true],
    [2, true],
    [3, false],
    [4, false],
    [254, false],
    [255, true],
    [256, undefined],
    [100_000, undefined],
  ])("descriptor %d open: %p", (fd, open) => {
    expect(record?.isOpen(fd)).toBe(open);
  });
});

test.each([
  undefined,
  "",
  "1",
  text.replace("3,", "2,"),
  `${text}0`,
  text.slice(0, -1),
  text.replace(",0,", ",2,"),
  text.replace("1024", "-1"),
  text.replace("1024", "0x10"),
])("%p is no record", (value) => {
  expect(parseStartRecord(value)).toBeUndefined();
});

test("taking it leaves the caller's variables", () => {
  const settings = { BUN_ENABLE_CRASH_REPORTING: "0", MIMALLOC_ARENA_RESERVE: "65536" };
  const environment = { PATH: "/bin", BUNC_START: text, BUNDLE: "b", ...settings };
  expect(takeStartRecord(environment)?.noFile.soft).toBe("1024");
  expect(environment as Record<string, string>).toEqual({ PATH: "/bin", BUNDLE: "b" });
});

test("without the stub nothing is taken", () => {
  const environment = { BUN_OPTIONS: "--smol" };
  expect(takeStartRecord(environment)).toBeUndefined();
  expect(environment).toEqual({ BUN_OPTIONS: "--smol" });
});
