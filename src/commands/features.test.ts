import { expect, test } from "bun:test";
import { features } from "./features.ts";

const kernel = (major: number, minor: number) => ({ release: `${major}.${minor}.0`, major, minor });

test.each([
  [5, 14, false],
  [5, 18, false],
  [5, 19, true],
  [6, 1, true],
])("Linux %d.%d has WAIT_KILLABLE_RECV: %p", (major, minor, expected) => {
  const { seccomp } = features(kernel(major, minor)).linux ?? {};
  expect(seccomp?.supportedFlags?.includes("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")).toBe(expected);
  expect(seccomp?.knownFlags).toContain("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
});

test("only architectures that the compiler has", () => {
  const { seccomp } = features(kernel(6, 1)).linux ?? {};
  expect(seccomp?.archs).toContain("SCMP_ARCH_LOONGARCH64");
  expect(seccomp?.archs).not.toContain("SCMP_ARCH_M68K");
});
