import { describe, expect, test } from "bun:test";
import {
  blkioToIoWeight,
  cpuMax,
  memoryLimit,
  memorySwapToSwapMax,
  pidsMax,
  sharesToWeight,
} from "./convert.ts";

describe("sharesToWeight", () => {
  // Minimum, default and maximum fit; the values between were computed apart from this code.
  test.each([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
    [512, 59],
    [1024, 100],
    [2048, 174],
    [4096, 303],
    [131072, 5478],
    [262143, 10000],
    [262144, 10000],
    [262145, 10000],
    [18446744073709551615n, 10000],
  ])("%p → %p", (shares, weight) => {
    expect(sharesToWeight(shares)).toBe(weight);
  });

  test("never falls and stays within what cpu.weight takes", () => {
    let last = 0;
    for (let shares = 1; shares <= 262144; shares += 37) {
      const weight = sharesToWeight(shares);
      expect(weight).toBeGreaterThanOrEqual(Math.max(last, 1));
      expect(weight).toBeLessThanOrEqual(10000);
      last = weight;
    }
  });
});

test.each([
  [0, 0],
  [10, 1],
  [100, 910],
  [500, 4950],
  [1000, 10000],
])("blkioToIoWeight(%p) → %p", (weight, expected) => {
  expect(blkioToIoWeight(weight)).toBe(expected);
});

describe("memorySwapToSwapMax", () => {
  test.each([
    [undefined, undefined, null],
    [0, 0, null],
    [0, 1000, null],
    [0, -1, "max"],
    [undefined, -1, "max"],
    [-1, 0, "max"],
    [-1, 1000, "max"],
    [-1, -1, "max"],
    [2000, -1, "2000"],
    [2000, 1000, "1000"],
    [1000, 1000, "0"],
    [9223372036854771712n, 4096, "9223372036854767616"],
  ])("swap %p, memory %p → %p", (swap, memory, expected) => {
    expect(memorySwapToSwapMax(swap, memory)).toBe(expected);
  });

  test.each([
    [1000, 0, "unable to set swap limit without memory limit"],
    [1000, undefined, "unable to set swap limit without memory limit"],
    [1000, -2, "invalid memory value: -2"],
    [1000, 2000, "memory+swap limit should be >= memory limit"],
    [-2, 1000, "memory+swap limit should be >= memory limit"],
  ])("swap %p, memory %p is refused", (swap, memory, message) => {
    expect(() => memorySwapToSwapMax(swap, memory)).toThrow(message);
  });
});

test.each([
  [undefined, null],
  [0, null],
  [0n, null],
  [-1, "max"],
  [4096, "4096"],
  [9223372036854771712n, "9223372036854771712"],
])("memoryLimit(%p) → %p", (value, expected) => {
  expect(memoryLimit(value)).toBe(expected);
});

test.each([
  [-1, "max"],
  [-7, "max"],
  [0, "1"],
  [1, "1"],
  [32771, "32771"],
  [9223372036854775807n, "9223372036854775807"],
])("pidsMax(%p) → %p", (limit, expected) => {
  expect(pidsMax(limit)).toBe(expected);
});

test.each([
  [undefined, undefined, "max 100000"],
  [50000, undefined, "50000 100000"],
  [50000, 0, "50000 100000"],
  [undefined, 20000, "max 20000"],
  [0, 20000, "max 20000"],
  [-1, 20000, "max 20000"],
  [50000, 20000, "50000 20000"],
])("cpuMax(%p, %p) → %p", (quota, period, expected) => {
  expect(cpuMax(quota, period)).toBe(expected);
});
