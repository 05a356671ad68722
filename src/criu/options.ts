/** What both checkpoint and restore ask of CRIU. */

import { RuntimeError } from "../failure/errors.ts";
import { currentHost } from "../host/current.ts";
import { resolvePath } from "../kernel/paths.ts";
import type { Log } from "../log/log.ts";
import { CLONE } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { CG_MODE, type CriuOpts } from "./rpc.ts";

/** Flags that both commands have (src/verbs/criu.ts); paths are absolute. */
export interface CriuFlags {
  imagePath: string;
  workPath?: string | undefined;
  tcpEstablished: boolean;
  extUnixSk: boolean;
  shellJob: boolean;
  fileLocks: boolean;
  lazyPages: boolean;
  autoDedup: boolean;
  manageCgroupsMode?: "soft" | "full" | "strict" | "ignore" | undefined;
}

const DIRECTORY_MODE = 0o700;
/** Warnings, and what CRIU does: its errors are unintelligible without them. */
const LOG_LEVEL = 4;
const CONFIG_FILE_ANNOTATION = "org.criu.config";
const CONFIG_FILE = "/etc/criu/runc.conf";

/** The directories of a session. */
interface Directories {
  /** For the session to open: --image-path, and --work-path if it is given. */
  paths: string[];
  logFile: string;
}

/** Makes --work-path. */
export function prepareDirectories({ imagePath, workPath }: CriuFlags, logName: string): Directories {
  if (workPath === undefined) return { paths: [imagePath], logFile: `${imagePath}/${logName}` };
  native("make_directory", { path: workPath, mode: DIRECTORY_MODE, parents: false });
  return { paths: [imagePath, workPath], logFile: `${workPath}/${logName}` };
}

/** --image-path, or runc's default. */
export function imageDirectory(given: string | undefined): string {
  return given ?? resolvePath(native("working_directory", {}).path, "checkpoint");
}

/** CRIU reads everything about a process, which only root may. */
export function warnOfRootless(log: Log): void {
  const { euid, inUserNamespace } = currentHost();
  if (euid !== 0 || inUserNamespace) log.warning("runc checkpoint is untested with rootless containers");
}

/** Makes --image-path. The path of a parent checkpoint is relative to it. */
export function makeImageDirectory(imagePath: string, parentPath: string | undefined): void {
  native("make_directory", { path: imagePath, mode: DIRECTORY_MODE, parents: true });
  if (parentPath === undefined) return;
  const path = `${imagePath}/${parentPath}`;
  const { path: found, directory } = native("resolve_path", { path });
  if (directory) return;
  const why = found === "" ? "no such file or directory" : "not a directory";
  throw new RuntimeError(`invalid --parent-path: stat ${path}: ${why}`, {
    path,
    hint: "--parent-path is the directory of an earlier checkpoint --pre-dump, relative to --image-path",
  });
}

/** `logFile`: only its name counts; it is in CRIU's work directory. */
export function commonOptions(
  flags: CriuFlags,
  logFile: string,
  /** Descriptors of `Directories.paths`. */
  [images, work]: readonly number[],
  annotations: Readonly<Record<string, string>>,
): CriuOpts {
  const configFile = annotations[CONFIG_FILE_ANNOTATION] ?? CONFIG_FILE;
  return {
    images_dir_fd: images ?? -1,
    work_dir_fd: work,
    log_level: LOG_LEVEL,
    log_file: logFile.slice(logFile.lastIndexOf("/") + 1),
    manage_cgroups: true,
    manage_cgroups_mode: CG_MODE[flags.manageCgroupsMode ?? "default"],
    notify_scripts: true,
    shell_job: flags.shellJob,
    tcp_established: flags.tcpEstablished,
    ext_unix_sk: flags.extUnixSk,
    file_locks: flags.fileLocks,
    // The container's manager sets up its network, as with runc: --empty-ns network changes nothing.
    empty_ns: CLONE.NEWNET,
    orphan_pts_master: true,
    auto_dedup: flags.autoDedup,
    lazy_pages: flags.lazyPages,
    // An empty annotation means none.
    config_file: configFile || undefined,
  };
}
