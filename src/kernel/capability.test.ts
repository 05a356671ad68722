import { expect, test } from "bun:test";
import { capabilityName, capabilityNames, capabilityNumber } from "./capability.ts";

test("names and numbers lead to each other", () => {
  const names = capabilityNames();
  expect([names.length, names[0], names[21], names.at(-1)]).toEqual([
    41,
    "CAP_CHOWN",
    "CAP_SYS_ADMIN",
    "CAP_CHECKPOINT_RESTORE",
  ]);
  for (const [number, name] of names.entries()) {
    expect([capabilityName(number), capabilityNumber(name)]).toEqual([name, number]);
  }
});

test("a set is named by its bits", () => {
  expect(capabilityNames(0n)).toEqual([]);
  expect(capabilityNames((1n << 40n) | 0b101n)).toEqual([
    "CAP_CHOWN",
    "CAP_DAC_READ_SEARCH",
    "CAP_CHECKPOINT_RESTORE",
  ]);
});

test("what is no capability has neither", () => {
  for (const name of ["CHOWN", "CAP_", "CAP_LAST_CAP", "CAP_toString", "cap_chown", ""]) {
    expect([name, capabilityNumber(name)]).toEqual([name, undefined]);
  }
  expect(capabilityName(99)).toBe("capability 99");
});
