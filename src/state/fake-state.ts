/** A record, and a state directory in memory, for tests. */

import { fakeTexts } from "../host/fake-texts.ts";
import { found } from "../host/found.ts";
import { replaceCore } from "../native/linked.ts";
import { type Answers, standInCore } from "../native/stand-in.ts";
import { STATE_VERSION, type StateRecord } from "./record.ts";

export function fakeRecord(
  changed: Partial<StateRecord> = {},
  own: Partial<StateRecord["bunc"]> = {},
): StateRecord {
  return {
    id: "c",
    init_process_pid: 7,
    init_process_start: 100,
    created: "2026-01-02T15:04:05.000Z",
    config: {
      rootfs: "/b/rootfs",
      hostname: "",
      labels: ["bundle=/b"],
      mounts: [],
      namespaces: [{ type: "pid", path: "" }],
      cgroups: { name: "c", path: "", systemd: false, rootless: false },
    },
    rootless: false,
    cgroup_paths: {},
    namespace_paths: {},
    external_descriptors: ["/dev/null", "/dev/null", "/dev/null"],
    intel_rdt_path: "",
    ...changed,
    bunc: {
      version: STATE_VERSION,
      ociVersion: "1.3.0",
      bundle: "/b",
      annotations: {},
      creating: false,
      cgroupDriver: "cgroupfs",
      systemdUnit: "",
      systemdSlice: "",
      ...own,
    },
  };
}

/** Runs `body` with these answers of the core. → the calls that were made, each with what it was about. */
export function withCore(answers: Answers, body: () => void): string[] {
  const calls: string[] = [];
  const noting = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (request: { path?: string; fd?: number }) => {
        calls.push([name, request.path ?? request.fd ?? []].flat().join(" "));
        return (answer as (request: object) => unknown)(request);
      },
    ]),
  );
  const { host } = found;
  found.host = undefined;
  const putBack = replaceCore(standInCore(noting as Answers), 1 << 16);
  try {
    body();
  } finally {
    putBack();
    found.host = host;
  }
  return calls;
}

/** A host with cgroup v2, of an ordinary user. */
export const v2Host: Answers = {
  host_facts: () => ({ ...fakeTexts, euid: 1000, egid: 1000, mountinfo: "", uid_map: "", gid_map: "" }),
  read_file: () => ({ found: false, text: "" }),
  resolve_path: () => ({ path: "", directory: false }),
};
