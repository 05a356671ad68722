/** `restore` and `checkpoint` on a rehearsed host, with a CRIU that obeys (zig/rehearsal/criu.zig). */

import { dumpContainer } from "../../src/container/checkpoint.ts";
import type { Created } from "../../src/container/create.ts";
import { restoreContainer } from "../../src/container/restore.ts";
import { encode } from "../../src/criu/protobuf.ts";
import { CriuResp, REQ_TYPE } from "../../src/criu/rpc.ts";
import { config, create, type Scenario } from "./host-scenarios.ts";
import { v2 } from "./hosts.ts";
import type { CriuAnswer } from "./rehearsed-host.ts";

const RESTORED_PID = 500;

const version: CriuAnswer = {
  message: said({ type: REQ_TYPE.VERSION, version: { major_number: 4, minor_number: 2 } }),
};
const restoring: readonly CriuAnswer[] = [
  { message: notice("pre-restore") },
  { message: notice("setup-namespaces", RESTORED_PID), restored: RESTORED_PID },
  { message: notice("post-setup-namespaces") },
  { message: notice("orphan-pts-master"), passes: "console" },
  { message: notice("post-restore", RESTORED_PID) },
  { message: said({ type: REQ_TYPE.RESTORE, restore: { pid: RESTORED_PID } }) },
];
const dumping: readonly CriuAnswer[] = [
  version,
  { message: notice("pre-dump") },
  { message: notice("post-dump") },
  { message: said({ type: REQ_TYPE.DUMP }) },
];

const criuFlags = {
  imagePath: "/checkpoint",
  workPath: "/checkpoint/work",
  tcpEstablished: false,
  extUnixSk: false,
  shellJob: false,
  fileLocks: false,
  lazyPages: false,
  autoDedup: false,
  manageCgroupsMode: undefined,
} as const;

const files = [
  { path: "/dev", text: null },
  { path: "/dev/null", text: "" },
  { path: "/usr", text: null },
  { path: "/usr/bin", text: null },
  { path: "/usr/bin/criu", text: "" },
  { path: "/checkpoint", text: null },
  { path: "/checkpoint/descriptors.json", text: '["/dev/null","/dev/null","/dev/null"]' },
];

export const criuScenarios: readonly Scenario[] = [
  {
    name: "host-restore",
    facts: v2,
    config: config({
      linux: {
        namespaces: [{ type: "pid" }, { type: "mount" }, { type: "network", path: "/run/netns/a" }],
        resources: { memory: { limit: 1 << 20 }, pids: { limit: 5 } },
      },
      mounts: [{ destination: "/data", type: "tmpfs", source: "tmpfs" }],
      process: { ...config({}).process, terminal: true },
    }),
    files: [...files, { path: "/run/netns", text: null }, { path: "/run/netns/a", text: "" }],
    criu: [[version], restoring],
    kept: ["file /checkpoint/work", `process ${RESTORED_PID} zombie`],
    act: (context) =>
      withCriu(() =>
        restoreContainer(
          {
            id: "c1",
            bundle: "/bundle",
            noPivot: false,
            detach: true,
            pidFile: "/run/c1.pid",
            consoleSocket: "/run/console.sock",
            flags: { ...criuFlags, lsmProfile: undefined, lsmMountContext: undefined },
          },
          context,
        ),
      ),
  },
  {
    name: "host-checkpoint",
    facts: v2,
    config: config({}),
    files,
    criu: [dumping],
    kept: ["file /checkpoint/work", "file /run/bunc/c1/notify"],
    before: create,
    act: (_, made) =>
      withCriu(() =>
        dumpContainer(
          { ...(made as Created), status: "running" },
          {
            ...criuFlags,
            parentPath: undefined,
            leaveRunning: true,
            tcpSkipInFlight: false,
            linkRemap: false,
            preDump: false,
            pageServer: undefined,
            statusFd: -1,
          },
        ),
      ),
  },
];

/** The PATH of the rehearsed host: the real machine's does not apply to it. */
function withCriu<Done>(act: () => Done): Done {
  const { PATH } = process.env;
  process.env["PATH"] = "/usr/bin";
  try {
    return act();
  } finally {
    process.env["PATH"] = PATH;
  }
}

function notice(script: string, pid?: number): string {
  return said({ type: REQ_TYPE.NOTIFY, notify: { script, ...(pid === undefined ? {} : { pid }) } });
}

function said(response: CriuResp): string {
  return encode(CriuResp, { success: true, ...response }).toBase64();
}
