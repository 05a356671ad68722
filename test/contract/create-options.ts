import type { CreateOptions } from "../../src/plan/plan.ts";

/** The options of a plain `run` of a container named c1. */
export const createOptions: CreateOptions = {
  id: "c1",
  bundle: "/bundle",
  placement: { into: null, tasks: [] },
  noPivot: false,
  trace: false,
  noNewKeyring: false,
  foreground: false,
  inheritedNoFile: null,
  preserveFds: 0,
  listenFds: 0,
  start: "parent",
  startSocket: "",
  cgroupDirectories: new Map(),
  newuidmap: null,
  newgidmap: null,
  seccomp: null,
};
