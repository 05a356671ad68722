import { expect, test } from "bun:test";
import type { StatusReply } from "../native/boundary.gen.ts";
import { fakeRecord, v2Host, withCore } from "./fake-state.ts";
import type { StateRecord } from "./record.ts";
import { currentStatuses } from "./status.ts";
import { StateDirectory } from "./store.ts";

const directory = new StateDirectory({ path: "/r", explicit: true, sticky: false }, "c");
const creating = (own: Partial<StateRecord["bunc"]> = {}) => ({ creating: true, ...own });
const runs = (start_time = "100", waiting = false): StatusReply => ({ state: "S", start_time, waiting });
const gone: StatusReply = { state: "", start_time: "0", waiting: false };

const cases: [name: string, record: StateRecord, now: Record<number, StatusReply>, status: string][] = [
  ["a process that waits", fakeRecord(), { 7: runs("100", true) }, "created"],
  ["a process that runs", fakeRecord(), { 7: runs() }, "running"],
  ["none", fakeRecord(), { 7: gone }, "stopped"],
  ["a zombie", fakeRecord(), { 7: { ...runs(), state: "Z" } }, "stopped"],
  ["another process with its pid", fakeRecord(), { 7: runs("101", true) }, "stopped"],
  ["no pid yet, and no creator known", fakeRecord({ init_process_pid: 0 }, creating()), {}, "stopped"],
  [
    "no pid yet, and its creator runs",
    fakeRecord({ init_process_pid: 0 }, creating({ creator: { pid: 5, startTime: 100 } })),
    { 5: runs() },
    "creating",
  ],
  [
    "no pid yet, and its creator's pid is another's",
    fakeRecord({ init_process_pid: 0 }, creating({ creator: { pid: 5, startTime: 99 } })),
    { 5: runs() },
    "stopped",
  ],
  ["a create that is under way", fakeRecord({}, creating()), { 7: runs("100", true) }, "creating"],
];

test.each(cases)("%s", (_name, record, now, status) => {
  withCore(
    {
      process_statuses: ({ processes }) => ({
        statuses: processes.map(({ pid }) => now[pid] as StatusReply),
      }),
      ...v2Host,
    },
    () => expect(currentStatuses([{ directory, record }])).toEqual([status as never]),
  );
});
