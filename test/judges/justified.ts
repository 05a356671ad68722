/** Tests of runc's suite that runc passes and bunc cannot, because they look for a text that only runc prints. */
import type { Justification } from "./compare.ts";

export const justified: readonly Justification[] = [
  {
    file: "run",
    name: "runc run [/proc/self/exe clone]",
    reason:
      "looks for 'runc exeseal: using /proc/self/exe clone' or its like: runc's account of how it copies itself, which bunc does not do: what enters the container is bunc-init, from a memory file sealed from the start",
  },
];
