/** A conversation with one criu process: start, version, features, a request with its notifications, end. */

import { RuntimeError } from "../failure/errors.ts";
import type { CriuRoot, CriuStarted } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { decode, encode } from "./protobuf.ts";
import { type CriuFeatures, type CriuNotify, CriuReq, CriuResp, REQ_TYPE, requestName } from "./rpc.ts";

interface SessionOptions {
  /** Restore: CRIU gets the caller's standard streams. Otherwise its output is kept for errors. */
  streams: "inherited" | "captured";
  /** CRIU has them from number 4 on. */
  descriptors?: readonly number[];
  root?: CriuRoot;
  /** Absolute paths, open as `directories` while the session lasts. */
  directories?: readonly string[];
}

/** What CRIU asks for while it works. `fd`: came with it; the handler closes it. */
type NotificationHandler = (notification: CriuNotify, fd: number | null) => void;

export interface CriuVersion {
  major: number;
  minor: number;
  sublevel: number;
}

/** CRIU 3.15 (2020) is the first that reports lazy pages and keeps external pid namespaces. */
const MINIMUM: CriuVersion = { major: 3, minor: 15, sublevel: 0 };

/** Starts CRIU. Throws CriuError when it gives up. */
export class CriuSession {
  /** What CRIU wrote to its standard error; known when it has ended. */
  output = "";
  readonly #process: CriuStarted;
  #ended = false;

  /** `executable`: of `findCriu`. */
  constructor(executable: string, options: SessionOptions) {
    const { streams, descriptors = [], root, directories = [] } = options;
    this.#process = native("criu_start", {
      executable,
      env: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
      stdio: streams,
      descriptors,
      root: root ?? null,
      directories,
    });
  }

  get directories(): readonly number[] {
    return this.#process.directories;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Throws RuntimeError for one that is too old. The session can be used for one more request. */
  version(): CriuVersion {
    const { version } = this.#answer({ type: REQ_TYPE.VERSION, keep_open: true });
    const { major_number: major = 0, minor_number: minor = 0, sublevel = 0 } = version ?? {};
    const found = { major, minor, sublevel };
    if (!versionAtLeast(found, MINIMUM)) {
      throw new RuntimeError(
        `CRIU version ${versionNumber(found)} must be ${versionNumber(MINIMUM)} or higher`,
        { hint: "install a newer criu package" },
      );
    }
    return found;
  }

  /** Which of the wanted features of CRIU and kernel are there. As with `version`, one more request can follow. */
  features(wanted: CriuFeatures): CriuFeatures {
    return this.#answer({ type: REQ_TYPE.FEATURE_CHECK, keep_open: true, features: wanted }).features ?? {};
  }

  /** Carries a request through to its answer. Throws CriuError when CRIU gives up. */
  request(request: CriuReq, notify: NotificationHandler): CriuResp {
    let next = request;
    for (;;) {
      const { response, fd } = this.#exchange(next);
      if (response.type !== REQ_TYPE.NOTIFY || response.success !== true) {
        if (fd !== null) native("close_fd", { fd });
        return this.#checked(response);
      }
      notify(response.notify ?? {}, fd);
      next = { type: REQ_TYPE.NOTIFY, notify_success: true };
    }
  }

  /** Waits for CRIU to end by itself. Returns its status. */
  end(): { status: string; succeeded: boolean } {
    return this.#end(false);
  }

  /** Whatever state it is in. */
  kill(): void {
    if (!this.#ended) this.#end(true);
  }

  #end(kill: boolean): { status: string; succeeded: boolean } {
    this.#ended = true;
    const { pid, pidfd, socket, output: captured, directories } = this.#process;
    for (const fd of directories) native("close_fd", { fd });
    const { output, ...how } = native("criu_end", { pid, pidfd, socket, output: captured, kill });
    this.output = output;
    return how;
  }

  #answer(request: CriuReq): CriuResp {
    return this.#checked(this.#exchange(request).response);
  }

  #checked(response: CriuResp): CriuResp {
    if (response.success === true) return response;
    const { type, cr_errno = 0, cr_errmsg } = response;
    throw new CriuError(
      `criu failed: type ${requestName(type)} errno ${cr_errno}`,
      this,
      cr_errno,
      cr_errmsg,
    );
  }

  #exchange(request: CriuReq): { response: CriuResp; fd: number | null } {
    const { message, fd } = native("criu_exchange", {
      socket: this.#process.socket,
      message: encode(CriuReq, request).toBase64(),
    });
    if (message === "") throw new CriuError("criu failed: it ended without an answer", this);
    try {
      return { response: decode(CriuResp, Uint8Array.fromBase64(message)), fd };
    } catch (error) {
      if (fd !== null) native("close_fd", { fd });
      throw new CriuError(`criu failed: its answer is malformed: ${(error as Error).message}`, this);
    }
  }
}

/** CRIU gave up. diagnosis.ts adds what its log says. */
export class CriuError extends RuntimeError {
  readonly session: CriuSession;

  /** `said`: the text of CRIU's first error. */
  constructor(message: string, session: CriuSession, errno = 0, said?: string) {
    super(message, { step: "criu", errno: errno > 0 ? errno : undefined, detail: said?.trim() });
    this.name = "CriuError";
    this.session = session;
  }
}

/** "4.2" */
export function versionText({ major, minor, sublevel }: CriuVersion): string {
  return sublevel === 0 ? `${major}.${minor}` : `${major}.${minor}.${sublevel}`;
}

export function versionAtLeast(version: CriuVersion, minimum: CriuVersion): boolean {
  return versionNumber(version) >= versionNumber(minimum);
}

/** As runc writes it: 31700. */
function versionNumber({ major, minor, sublevel }: CriuVersion): number {
  return major * 10_000 + minor * 100 + sublevel;
}

/** Absolute path of criu(8). Throws RuntimeError that names the package. */
export function findCriu(): string {
  const path = process.env["PATH"] ?? "";
  for (const directory of path.split(":")) {
    const candidate = `${directory}/criu`;
    if (directory.startsWith("/") && native("resolve_path", { path: candidate }).path !== "")
      return candidate;
  }
  throw new RuntimeError("CRIU is not installed: there is no criu on PATH", {
    path,
    hint: "install the package criu, which checkpoint and restore use",
  });
}
