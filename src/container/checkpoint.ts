/** Saving a container: `checkpoint`. */

import { absolutePath, locationOf } from "../cgroup/paths.ts";
import { explainFailure } from "../criu/diagnosis.ts";
import {
  externalMounts,
  externalNamespaces,
  inheritedNamespace,
  maskedFiles,
  NULL_DEVICE,
} from "../criu/external.ts";
import { type CriuFlags, commonOptions, makeImageDirectory, prepareDirectories } from "../criu/options.ts";
import { type CriuNotify, type CriuOpts, type ExtMount, REQ_TYPE } from "../criu/rpc.ts";
import { CriuError, CriuSession, findCriu, versionText } from "../criu/session.ts";
import { RuntimeError } from "../failure/errors.ts";
import { currentHost } from "../host/current.ts";
import { parseMountinfo } from "../host/mountinfo.ts";
import { startRecord } from "../host/start-record.ts";
import { native } from "../native/call.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { cgroupsOf } from "./cgroups.ts";
import type { Container } from "./container.ts";
import { notifyMount } from "./notify-socket.ts";
import { loadStoredConfig } from "./stored-config.ts";

interface DumpFlags extends CriuFlags {
  parentPath?: string | undefined;
  leaveRunning: boolean;
  tcpSkipInFlight: boolean;
  linkRemap: boolean;
  preDump: boolean;
  pageServer?: { address: string; port: number } | undefined;
  /** -1: none. Only with lazyPages. */
  statusFd: number;
}

const LOG_NAME = "dump.log";
/** Beside the images: what the standard streams were, for those that are pipes. runc's file. */
export const DESCRIPTORS_FILE = "descriptors.json";
const FILE_MODE = 0o600;

/** The caller holds the container's lock. The container is stopped afterwards, unless flags say otherwise. */
export function dumpContainer(container: Container, flags: DumpFlags): void {
  const { directory, record } = container;
  const config = loadStoredConfig(directory, record);
  if (flags.lazyPages && flags.statusFd >= 0) checkStatusFd(flags.statusFd);
  const criu = findCriu();
  makeImageDirectory(flags.imagePath, flags.parentPath);
  const { paths, logFile } = prepareDirectories(flags, LOG_NAME);
  const session = new CriuSession(criu, { streams: "captured", directories: paths });
  let version = "";
  try {
    version = versionText(session.version());
    requireFeatures(session, flags, version);
    const opts: CriuOpts = {
      ...commonOptions(flags, logFile, session.directories, config.annotations),
      ...dumpOptions(container, config, flags),
      ...(flags.preDump ? {} : { ext_mnt: dumpedMounts(container, config) }),
    };
    if (!flags.preDump) saveDescriptors(flags.imagePath, record.external_descriptors);
    const type = flags.preDump ? REQ_TYPE.PRE_DUMP : REQ_TYPE.DUMP;
    session.request({ type, opts }, (notification, fd) => notified(notification, fd, flags));
    const { status, succeeded } = session.end();
    // After a pre-dump CRIU waits for another request, and reports an error when none comes.
    if (!succeeded && !flags.preDump) throw new CriuError(`criu failed: ${status}`, session);
  } catch (error) {
    session.kill();
    if (!(error instanceof CriuError)) throw error;
    throw explainFailure(error, logFile, version, currentHost().kernel.release);
  }
}

function notified({ script }: CriuNotify, fd: number | null, { statusFd, lazyPages }: DumpFlags): void {
  if (fd !== null) native("close_fd", { fd });
  if (script === "status-ready" && lazyPages && statusFd >= 0) native("criu_status_ready", { fd: statusFd });
}

function dumpOptions({ record }: Container, config: ResolvedConfig, flags: DumpFlags): CriuOpts {
  const { init_process_pid: pid } = record;
  const freezer = locationOf(cgroupsOf(record), "freezer");
  const { parentPath, pageServer } = flags;
  return {
    pid,
    root: record.config.rootfs,
    leave_running: flags.leaveRunning,
    tcp_skip_in_flight: flags.tcpSkipInFlight,
    link_remap: flags.linkRemap,
    external: externalNamespaces(config).map(({ type }) => {
      const { file, key } = inheritedNamespace(type);
      return `${namespaceOf(pid, file)}:${key}`;
    }),
    freeze_cgroup: freezer && absolutePath(freezer),
    ...(parentPath === undefined ? {} : { parent_img: parentPath, track_mem: true }),
    ps: pageServer,
  };
}

/** "net[4026531840]" for CRIU; the kernel writes "net:[4026531840]". */
function namespaceOf(pid: number, file: string): string {
  return native("resolve_path", { path: `/proc/${pid}/ns/${file}` }).path.replace(":", "");
}

/** When saving, a mount's name is its target; the null device over masked files has one name. */
function dumpedMounts({ directory, record }: Container, config: ResolvedConfig): ExtMount[] {
  const { init_process_pid: pid } = record;
  const mounts = externalMounts(config, {
    host: currentHost(),
    rootfs: record.config.rootfs,
    cgroups: cgroupsOf(record),
    notify: notifyMount(directory),
  });
  const mountinfo = parseMountinfo(native("read_host_file", { path: `/proc/${pid}/mountinfo` }).text);
  return [
    ...mounts.map(({ target }) => ({ key: target, val: target })),
    ...maskedFiles(config, mountinfo).map((path) => ({ key: path, val: NULL_DEVICE })),
  ];
}

/**
 * As they were at the start: the program may have redirected one and kept the original under another number.
 */
function saveDescriptors(imagePath: string, streams: readonly string[]): void {
  native("write_file", {
    path: `${imagePath}/${DESCRIPTORS_FILE}`,
    text: JSON.stringify(streams),
    mode: FILE_MODE,
  });
}

function requireFeatures(session: CriuSession, { preDump, lazyPages }: DumpFlags, version: string): void {
  if (!preDump && !lazyPages) return;
  const found = session.features({ mem_track: preDump, lazy_pages: lazyPages });
  const missing: string[] = [];
  const needs: string[] = [];
  if (preDump && found.mem_track !== true) {
    missing.push("MemTrack");
    needs.push("--pre-dump needs a kernel with CONFIG_MEM_SOFT_DIRTY");
  }
  if (lazyPages && found.lazy_pages !== true) {
    missing.push("LazyPages");
    needs.push("--lazy-pages needs a kernel with CONFIG_USERFAULTFD, and userfaultfd(2) allowed");
  }
  if (missing.length === 0) return;
  throw new RuntimeError(`criu is missing features: [${missing.join(" ")}]`, {
    hint: `${needs.join("; ")} (CRIU ${version} on Linux ${currentHost().kernel.release})`,
  });
}

/** proc_pid_fdinfo(5): flags are octal, the lowest two bits the access mode. */
function checkStatusFd(fd: number): void {
  const isOurs = startRecord !== undefined && startRecord.isOpen(fd) !== true;
  const { found, text } = native("read_file", { path: `/proc/self/fdinfo/${fd}` });
  const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
  if (!found || isOurs || flags === undefined) {
    throw new RuntimeError(`invalid --status-fd argument ${fd}: bad file descriptor`, {
      hint: `the caller has to leave file descriptor ${fd} open`,
    });
  }
  const readOnly = (Number.parseInt(flags, 8) & 3) === 0;
  if (readOnly) throw new RuntimeError(`invalid --status-fd argument ${fd}: not writable`);
}
