import { expect, test } from "bun:test";
import { errnoName, errnoNumber, errnoText } from "./errno.ts";

// What Go's syscall.Errno.Error() prints, from golang.org/x/sys/unix for linux/amd64.
const cases: [number, string, string][] = [
  [1, "EPERM", "operation not permitted"],
  [2, "ENOENT", "no such file or directory"],
  [3, "ESRCH", "no such process"],
  [8, "ENOEXEC", "exec format error"],
  [11, "EAGAIN", "resource temporarily unavailable"],
  [13, "EACCES", "permission denied"],
  [16, "EBUSY", "device or resource busy"],
  [20, "ENOTDIR", "not a directory"],
  [21, "EISDIR", "is a directory"],
  [22, "EINVAL", "invalid argument"],
  [28, "ENOSPC", "no space left on device"],
  [40, "ELOOP", "too many levels of symbolic links"],
  [95, "EOPNOTSUPP", "operation not supported"],
  [133, "EHWPOISON", "memory page has hardware error"],
  [4095, "errno 4095", "errno 4095"],
];

test.each(cases)("errno %d is %s: %s", (number, name, text) => {
  expect(errnoName(number)).toBe(name);
  expect(errnoText(number)).toBe(text);
});

test("every name leads back to its number", () => {
  for (let errno = 1; errno <= 133; errno += 1) {
    const name = errnoName(errno);
    if (name.startsWith("E")) expect(errnoNumber(name)).toBe(errno);
  }
  expect(errnoNumber("ENOTHING")).toBeUndefined();
});
