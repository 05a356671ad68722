/**
 * Making a container from its bundle and what `checkpoint` has saved. CRIU makes its processes, as children of ours,
 * from within the cgroups that were made for them; what else `create` does is done here, and undone when something
 * fails.
 */

import type { MadeCgroups } from "../cgroup/manager.ts";
import { distinctGroups } from "../cgroup/paths.ts";
import { explainFailure } from "../criu/diagnosis.ts";
import {
  externalMounts,
  externalNamespaces,
  inheritedNamespace,
  JOINED,
  NULL_DEVICE,
} from "../criu/external.ts";
import { type CriuFlags, commonOptions, prepareDirectories } from "../criu/options.ts";
import { type CriuNotify, type CriuOpts, REQ_TYPE } from "../criu/rpc.ts";
import {
  CriuError,
  CriuSession,
  type CriuVersion,
  findCriu,
  versionAtLeast,
  versionText,
} from "../criu/session.ts";
import { RuntimeError } from "../failure/errors.ts";
import { systemCallFailed } from "../failure/messages.ts";
import { parseSelfCgroup } from "../host/cgroup.ts";
import { currentHost, rootlessCgroups } from "../host/current.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { parseDocument } from "../oci/json.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { planMountPoints } from "../plan/mount-points.ts";
import { KEPT_STREAMS, planStreams } from "../plan/stdio.ts";
import type { StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import { type Bundle, loadBundle } from "./bundle.ts";
import { newCgroups } from "./cgroups.ts";
import { DESCRIPTORS_FILE } from "./checkpoint.ts";
import { claimContainer, makeRecordedCgroups, placeRecordedCgroups } from "./claim.ts";
import type { ContainerContext } from "./context.ts";
import { carryOut } from "./conversation.ts";
import { failureExplainer } from "./failure-explainer.ts";
import { handOver } from "./hand-over.ts";
import { runCreateHooks, runPoststopHooks } from "./hooks.ts";
import { checkTerminal } from "./inherited.ts";
import { namespacePaths } from "./initial-record.ts";
import { notifyMount } from "./notify-socket.ts";
import { SIGKILL, signalInit } from "./signal.ts";
import { storeConfig } from "./stored-config.ts";
import type { UndoList } from "./undo-list.ts";

interface RestoreFlags extends CriuFlags {
  lsmProfile: string | undefined;
  lsmMountContext: string | undefined;
}

interface RestoreRequest {
  id: string;
  bundle: string | undefined;
  noPivot: boolean;
  detach: boolean;
  pidFile: string | undefined;
  consoleSocket: string | undefined;
  flags: RestoreFlags;
}

/** A container that runs. Its directory is locked. */
export interface Restored {
  directory: StateDirectory;
  record: StateRecord;
  pid: number;
  pidfd: number;
  /** Master of its terminal; null: it has none, or somebody else got it. */
  console: number | null;
}

const LOG_NAME = "restore.log";
const ROOT_NAME = "criu-root";
const ROOT_MODE = 0o700;
/** The numbers of `CriuSession` descriptors begin here: the streams and the socket come before. */
const FIRST_DESCRIPTOR = 4;

/** Throws RuntimeError, and leaves nothing behind then. */
export function restoreContainer(request: RestoreRequest, context: ContainerContext): Restored {
  const { flags, id } = request;
  const host = currentHost();
  const rootless = rootlessCgroups(context.rootless, host);
  const bundle = loadBundle(request.bundle, host, { noPivot: request.noPivot, rootlessCgroups: rootless });
  context.log.warnings(bundle.warnings);
  checkTerminal(hasTerminal(bundle.config), request.detach, request.consoleSocket);
  refuseJoinedCgroup(bundle.config);
  const criu = findCriu();
  const version = criuVersion(criu, flags);
  const streams = savedStreams(flags.imagePath);
  const cgroups = newCgroups(id, bundle.config, context.driver, rootless);
  context.log.warnings(cgroups.warnings);

  return claimContainer({ id, bundle, rootless, cgroups }, context, (claim) => {
    const { directory, record, undo } = claim;
    storeConfig(directory, bundle.checked);
    directory.save(record);
    const made = makeRecordedCgroups(cgroups, claim);
    makeMountPoints(bundle, record);
    const planned = hasTerminal(bundle.config) ? KEPT_STREAMS : planStreams(!request.detach, host.streams);
    const pipes = native("make_streams", { streams: planned }).names;
    // Pipes are ours or the caller's from now on (inheritedPipes).
    record.external_descriptors = streams.map((stream, fd) =>
      isPipe(stream) ? pipes[fd] || (host.streams[fd] ?? "") : stream,
    );
    const restoration = new Restoration(
      request,
      { directory, record, bundle, made, criu, version, streams },
      undo,
      context,
    );
    const { pid, pidfd, console } = restoration.run();
    native("give_streams", { streams: planned, owner_uid: bundle.config.process?.user.uid ?? 0, pid });
    record.bunc.creating = false;
    directory.save(record);
    const { pidFile } = request;
    handOver({ pidFile, consoleSocket: undefined, pidfdSocket: undefined }, { pid, pidfd, console });
    return { directory, record, pid, pidfd, console };
  });
}

interface Parts {
  directory: StateDirectory;
  record: StateRecord;
  bundle: Bundle;
  made: MadeCgroups;
  /** Absolute path. */
  criu: string;
  version: CriuVersion;
  /** What the standard streams were when the container was saved. */
  streams: string[];
}

/** CRIU at work on one container. */
class Restoration {
  readonly #request: RestoreRequest;
  readonly #parts: Parts;
  readonly #undo: UndoList;
  readonly #context: ContainerContext;
  #console: number | null = null;
  #pidfd = -1;

  constructor(request: RestoreRequest, parts: Parts, undo: UndoList, context: ContainerContext) {
    this.#request = request;
    this.#parts = parts;
    this.#undo = undo;
    this.#context = context;
  }

  run(): { pid: number; pidfd: number; console: number | null } {
    const { directory, record, bundle, version } = this.#parts;
    const { flags } = this.#request;
    const target = `${directory.path}/${ROOT_NAME}`;
    native("make_directory", { path: target, mode: ROOT_MODE, parents: false });
    const { paths, logFile } = prepareDirectories(flags, LOG_NAME);
    const inherited = externalNamespaces(bundle.config);
    const session = withNamespaces(
      inherited,
      (descriptors) =>
        new CriuSession(this.#parts.criu, {
          streams: "inherited",
          descriptors,
          root: { path: bundle.rootfs, target },
          directories: paths,
        }),
    );
    try {
      this.#place(session.pid);
      const opts: CriuOpts = {
        ...commonOptions(flags, logFile, session.directories, bundle.config.annotations),
        ...this.#restoreOptions(target),
        inherit_fd: [
          ...inherited.map(({ type }, index) => ({
            key: inheritedNamespace(type).key,
            fd: FIRST_DESCRIPTOR + index,
          })),
          ...inheritedPipes(this.#parts.streams),
        ],
        cg_root: cgroupRoots(session.pid),
      };
      const { restore } = session.request({ type: REQ_TYPE.RESTORE, opts }, (notification, fd) =>
        this.#notified(notification, fd),
      );
      const { status, succeeded } = session.end();
      if (!succeeded) throw new CriuError(`criu failed: ${status}`, session);
      native("remove_directory", { path: target });
      return { pid: restore?.pid ?? record.init_process_pid, pidfd: this.#pidfd, console: this.#console };
    } catch (error) {
      session.kill();
      if (!(error instanceof CriuError)) throw error;
      throw explainFailure(error, logFile, versionText(version), currentHost().kernel.release);
    }
  }

  #restoreOptions(root: string): CriuOpts {
    const { directory, bundle, made } = this.#parts;
    const { config } = bundle;
    const { lsmProfile, lsmMountContext } = this.#request.flags;
    const mounts = externalMounts(config, {
      host: currentHost(),
      rootfs: bundle.rootfs,
      cgroups: made.locations,
      notify: notifyMount(directory),
    });
    return {
      root,
      rst_sibling: true,
      evasive_devices: true,
      ext_mnt: [
        ...mounts.map(({ target, source }) => ({ key: target, val: source })),
        { key: NULL_DEVICE, val: NULL_DEVICE },
      ],
      join_ns: joinedNamespaces(config),
      lsm_profile: lsmProfile,
      lsm_mount_context: lsmMountContext,
    };
  }

  /** CRIU enters the container's cgroups, so that the processes it makes begin there. */
  #place(pid: number): void {
    const { record, made, directory } = this.#parts;
    const placed = placeRecordedCgroups(made, { record, undo: this.#undo }, pid);
    directory.save(record);
    const groups = distinctGroups(placed.locations);
    if (groups.length > 0) native("cgroup_join", { pids: [pid], groups, tolerate: [] });
    placed.restrictDevices().limit();
  }

  #notified({ script, pid = 0 }: CriuNotify, fd: number | null): void {
    const { record, bundle, directory } = this.#parts;
    switch (script) {
      case "setup-namespaces":
        this.#remember(pid);
        directory.save(record);
        this.#undo.addAfterwards(() => runPoststopHooks(bundle.config, record, this.#context.log));
        runCreateHooks(bundle.config, record);
        break;
      case "post-restore":
        this.#remember(pid);
        record.created = new Date().toISOString();
        directory.save(record);
        break;
      case "orphan-pts-master":
        this.#takeConsole(fd);
        return;
      default:
    }
    if (fd !== null) native("close_fd", { fd });
  }

  #remember(pid: number): void {
    const { record, bundle } = this.#parts;
    if (record.init_process_pid === pid) return;
    const { pidfd, start_time } = native("open_process", { pid });
    this.#pidfd = pidfd;
    record.init_process_pid = pid;
    record.init_process_start = Number(start_time);
    this.#undo.add(() => {
      native("close_fd", { fd: pidfd });
      signalInit(record, SIGKILL);
    });
    record.namespace_paths = namespacePaths(pid, bundle.config);
    // CRIU gives it a time namespace, so that its clocks go on.
    const time = `/proc/${pid}/ns/time`;
    if (!native("own_namespace", { path: time, kind: "time" }).own) record.namespace_paths["NEWTIME"] = time;
  }

  #takeConsole(fd: number | null): void {
    const { consoleSocket } = this.#request;
    const console = { pid: 0, pidfd: -1, console: fd };
    this.#undo.add(() => {
      if (console.console !== null) native("close_fd", { fd: console.console });
    });
    handOver({ pidFile: undefined, consoleSocket, pidfdSocket: undefined }, console);
    this.#console = console.console;
  }
}

/** Also checks that CRIU is there and can do what was asked for. */
function criuVersion(criu: string, { lsmProfile, lsmMountContext }: RestoreFlags): CriuVersion {
  const session = new CriuSession(criu, { streams: "captured" });
  try {
    const version = session.version();
    const lsm = { major: 3, minor: 16, sublevel: 0 };
    if (!versionAtLeast(version, lsm)) {
      if (lsmProfile !== undefined) throw new RuntimeError("--lsm-profile requires at least CRIU 3.16");
      if (lsmMountContext !== undefined)
        throw new RuntimeError("--lsm-mount-context requires at least CRIU 3.16");
    }
    return version;
  } finally {
    session.kill();
  }
}

function hasTerminal({ process }: ResolvedConfig): boolean {
  return process?.terminal ?? false;
}

function refuseJoinedCgroup({ linux }: ResolvedConfig): void {
  const joined = linux.namespaces.get("cgroup");
  if (!joined?.path) return;
  throw new RuntimeError("CRIU cannot restore into an existing cgroup namespace", {
    subject: `${joined.subject}.path`,
    hint: "remove the path: the container gets a cgroup namespace of its own",
  });
}

/** Throws RuntimeError if there is no checkpoint. */
function savedStreams(imagePath: string): string[] {
  const path = `${imagePath}/${DESCRIPTORS_FILE}`;
  const { found, text } = native("read_file", { path });
  if (!found) {
    throw new RuntimeError(`open ${path}: no such file or directory`, {
      path,
      hint: "--image-path names the directory that a complete checkpoint was written to",
    });
  }
  const value: unknown = parseDocument(path, text);
  return Array.isArray(value) ? value.map(String) : [];
}

/** Pipes of the container's streams become the caller's streams. */
function inheritedPipes(streams: readonly string[]): { key: string; fd: number }[] {
  return streams.flatMap((key, fd) => (isPipe(key) ? [{ key, fd }] : []));
}

function isPipe(stream: string): boolean {
  return stream.includes("pipe:");
}

/** Calls `act` with a descriptor of each, which are open for so long. */
function withNamespaces<Done>(
  namespaces: readonly { path: string }[],
  act: (descriptors: readonly number[]) => Done,
): Done {
  const descriptors: number[] = [];
  try {
    for (const { path } of namespaces) descriptors.push(native("open_file", { path }).fd);
    return act(descriptors);
  } finally {
    for (const fd of descriptors) native("close_fd", { fd });
  }
}

function joinedNamespaces({ linux }: ResolvedConfig): { ns: string; ns_file: string }[] {
  return [...linux.namespaces].flatMap(([type, { path }]) => {
    const ns = JOINED[type];
    return ns === undefined || path === null ? [] : [{ ns, ns_file: path }];
  });
}

/** Where CRIU puts what it finds in the images: below its own cgroups. */
function cgroupRoots(pid: number): { ctrl: string; path: string }[] {
  const path = `/proc/${pid}/cgroup`;
  const { found, text } = native("read_host_file", { path });
  // Without them CRIU would put the processes where the images say.
  if (!found) throw systemCallFailed("open", path, ERRNO.NOENT);
  return [...parseSelfCgroup(text)].map(([ctrl, path]) => ({ ctrl, path }));
}

function makeMountPoints(bundle: Bundle, record: StateRecord): void {
  const plan = planMountPoints(bundle.config, currentHost(), {
    id: record.id,
    bundle: bundle.path,
    rootfs: bundle.rootfs,
    cgroupDirectories: new Map(Object.entries(record.cgroup_paths)),
  });
  failureExplainer(bundle.config, record, 0)("other", () => carryOut(plan));
}
