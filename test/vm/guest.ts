// The test machine for other suites, and its command line:
//
//     bun test/vm/guest.ts check
//     bun test/vm/guest.ts build [--flavour F] [--kernel K]
//     bun test/vm/guest.ts run [--flavour F] [--kernel K] [--cold] [--share DIR] [--user] [--timeout S] -- CMD...
import { parseArgs } from "node:util";
import { architectures } from "./architectures.ts";
import { guestUnavailable } from "./availability.ts";
import { cached, cacheKey } from "./cache.ts";
import { GuestGoneError } from "./channel.ts";
import { type Distribution, type FlavourName, flavours, guestUser, sessionModules } from "./flavours.ts";
import { buildImages, type Images } from "./images.ts";
import { Machine, type MachineOptions, machineIdentity } from "./machine.ts";
import { makeShareDisk } from "./share.ts";

export { guestUnavailable } from "./availability.ts";
export type { FlavourName } from "./flavours.ts";

const defaultTimeoutMs = 120_000;
/** Of a boot with every service, emulated, on a host that has other work. */
const prepareTimeoutMs = 600_000;
/** Where the shared directory is mounted in the guest; also the commands' working directory then. */
export const guestShare = "/project";
/** A directory for everyone on the guest's root disk, with no mount of its own: for TMPDIR. */
export const guestScratch = "/scratch";

interface GuestOptions {
  /** Kernel to use instead of the flavour's own. */
  readonly kernel?: Distribution;
  /** Boot from power-on even though a saved machine could be continued. */
  readonly cold?: boolean;
  /** Host directory whose contents the guest gets as its own writable copy in `/project`. */
  readonly share?: string;
}

interface RunOptions {
  readonly cwd?: string;
  /** Added to PATH, HOME, LANG and TERM, which is all that a command has otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Run as the ordinary user `tester`, where systemd runs in a scope of the user's session. */
  readonly user?: boolean;
  /** Called with each piece of output as it comes; the result holds all of it too. */
  readonly onStdout?: (chunk: Uint8Array) => void;
  readonly onStderr?: (chunk: Uint8Array) => void;
}

interface RunResult {
  /** Exit status, or 128 + the number of the signal that ended the command. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command was still running at its deadline; it and its descendants in its cgroup have been killed. */
export class GuestTimeoutError extends Error {
  readonly result: RunResult;
  constructor(argv: readonly string[], timeoutMs: number, result: RunResult) {
    const output = `${result.stdout}${result.stderr}`.trimEnd().split("\n").slice(-10).join("\n");
    super(`guest command timed out after ${timeoutMs} ms: ${argv.join(" ")}\n${output}`);
    this.result = result;
  }
}

export class Guest {
  readonly flavour: FlavourName;
  readonly qemuPid: number;
  readonly #machine: Machine;
  readonly #shared: boolean;

  constructor(flavour: FlavourName, machine: Machine, shared: boolean) {
    this.flavour = flavour;
    this.#machine = machine;
    this.qemuPid = machine.pid;
    this.#shared = shared;
  }

  /** Runs a command to its end. Commands may overlap; each has its own cgroup and session. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const output: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
    const home = options.user ? `/home/${guestUser.name}` : "/root";
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    // Of another architecture the guest has its own, in /usr/bin.
    const bin =
      this.#shared && flavours[this.flavour].architecture === undefined
        ? `${guestShare}/node_modules/.bin:`
        : "";
    const end = await this.#machine.channel.run({
      argv: options.user ? this.#asUser(argv) : argv,
      cwd: options.cwd ?? (this.#shared ? guestShare : "/"),
      env: {
        PATH: `${bin}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        HOME: home,
        LANG: "C.UTF-8",
        TERM: "dumb",
        ...(options.user ? this.#sessionEnvironment() : {}),
        ...options.env,
      },
      stdin:
        typeof options.stdin === "string" ? Buffer.from(options.stdin) : (options.stdin ?? new Uint8Array()),
      timeoutMs,
      onStdout: (chunk) => {
        output.stdout.push(chunk);
        options.onStdout?.(chunk);
      },
      onStderr: (chunk) => {
        output.stderr.push(chunk);
        options.onStderr?.(chunk);
      },
    });
    const result = {
      exitCode: end.exitCode,
      stdout: Buffer.concat(output.stdout).toString(),
      stderr: Buffer.concat(output.stderr).toString(),
    };
    if (end.timedOut) throw new GuestTimeoutError(argv, timeoutMs, result);
    return result;
  }

  /** As `run`, but throws unless the command succeeds; returns its standard output without the last newline. */
  async output(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.run(argv, options);
    if (result.exitCode === 0) return result.stdout.replace(/\n$/, "");
    throw new Error(
      `guest: ${argv.join(" ")} ended with ${result.exitCode}: ${result.stderr}${result.stdout}`,
    );
  }

  /** The end of the guest's console log: kernel messages and, with systemd, its own. */
  consoleTail(): string {
    return this.#machine.consoleTail();
  }

  #sessionEnvironment(): Record<string, string> {
    if (!flavours[this.flavour].systemd) return { USER: guestUser.name };
    const runtime = `/run/user/${guestUser.uid}`;
    return {
      USER: guestUser.name,
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
    };
  }

  /** A scope makes the command part of the user's session without putting a process between it and us. */
  #asUser(argv: readonly string[]): string[] {
    const { uid, gid } = guestUser;
    const change = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "--"];
    if (!flavours[this.flavour].systemd) return [...change, ...argv];
    return [
      ...change,
      "systemd-run",
      "--user",
      "--scope",
      "--quiet",
      "--collect",
      "--property=Delegate=yes",
      "--",
      ...argv,
    ];
  }
}

/** Options of `Guest.run` that pass the command's output on to this process's own, in order and at once. */
export function throughOurStreams(): Pick<RunOptions, "onStdout" | "onStderr"> {
  const [stdout, stderr] = [Bun.stdout.writer(), Bun.stderr.writer()];
  const passOn = (sink: Bun.FileSink) => (chunk: Uint8Array) => {
    sink.write(chunk);
    sink.flush();
  };
  return { onStdout: passOn(stdout), onStderr: passOn(stderr) };
}

/**
 * Gives `use` a running guest, and stops it whatever `use` does. When the machine itself ends, which no test in it can
 * be blamed for, `use` gets another guest, once: under QEMU 7.2 with a thread for each processor, a kernel that patches
 * its own code (static keys) now and then meets its own breakpoint ("Oops: int3 … __schedule").
 */
export async function withGuest<T>(
  flavour: FlavourName,
  use: (guest: Guest) => Promise<T>,
  options: GuestOptions = {},
): Promise<T> {
  try {
    return await withOneGuest(flavour, use, options);
  } catch (error) {
    if (!(error instanceof GuestGoneError)) throw error;
    console.error(`vm: ${flavour}: ${error.message}\nvm: ${flavour}: once more, in another guest`);
    return await withOneGuest(flavour, use, options);
  }
}

async function withOneGuest<T>(
  flavour: FlavourName,
  use: (guest: Guest) => Promise<T>,
  options: GuestOptions,
): Promise<T> {
  const { guest, machine } = await startGuest(flavour, options);
  try {
    return await use(guest);
  } finally {
    await machine.stop();
  }
}

/** Starts a guest for the life of a test file; pair it with `stop`. */
export async function startGuest(
  flavour: FlavourName,
  options: GuestOptions = {},
): Promise<{ guest: Guest; machine: Machine; stop: () => Promise<void> }> {
  const reason = guestUnavailable(architectureOf(flavour));
  if (reason !== undefined) throw new Error(reason);
  const images = await buildImages(flavour, options.kernel);
  const saved = options.cold ? undefined : await savedMachine(flavour, images);
  const { share } = options;
  const machine = await Machine.start({
    images,
    ...bootOptions(flavour),
    ...(saved === undefined ? {} : { saved }),
    ...(share === undefined ? {} : { fillShareDisk: (image: string) => makeShareDisk(image, share) }),
  });
  const guest = new Guest(flavour, machine, share !== undefined);
  try {
    if (saved === undefined) await prepare(guest);
    // A continued machine still believes in the time at which it was saved.
    else await guest.output(["date", "--set", `@${(Date.now() / 1000).toFixed(3)}`], { cwd: "/" });
    if (share !== undefined) {
      const mount = `blockdev --flushbufs /dev/vdc && mount /dev/vdc ${guestShare}`;
      await guest.output(["sh", "-c", mount], { cwd: "/" });
    }
  } catch (error) {
    const log = machine.consoleTail();
    await machine.stop();
    throw new Error(`${(error as Error).message}\n${log}`);
  }
  return { guest, machine, stop: () => machine.stop() };
}

/** A booted and prepared machine in the cache, so that the next one starts where it stopped. */
async function savedMachine(flavour: FlavourName, images: Images): Promise<string> {
  const key = cacheKey(
    images.key,
    await machineIdentity(architectureOf(flavour)),
    JSON.stringify(bootOptions(flavour)),
    prepareScript(flavour),
  );
  return await cached(`saved-${flavour}`, key, async (directory) => {
    const machine = await Machine.start({ images, ...bootOptions(flavour), saveTo: directory });
    try {
      await prepare(new Guest(flavour, machine, false));
      await machine.save(directory);
    } finally {
      await machine.stop();
    }
  });
}

const architectureOf = (flavour: FlavourName) => architectures[flavours[flavour].architecture ?? "x64"];

function bootOptions(flavour: FlavourName): Pick<MachineOptions, "architecture" | "init" | "kernelOptions"> {
  const { systemd, kernelOptions = [] } = flavours[flavour];
  return {
    architecture: architectureOf(flavour),
    init: systemd ? "/usr/lib/systemd/systemd" : undefined,
    kernelOptions,
  };
}

function prepareScript(flavour: FlavourName): string {
  return [
    "set -e",
    `for module in ${sessionModules.join(" ")}; do modprobe -q $module || test -d /sys/module/$module || echo "no module $module"; done`,
    "ip link set lo up",
    ...(flavours[flavour].systemd
      ? [
          "systemctl is-system-running --wait || systemctl --failed --no-legend",
          `systemctl is-active --quiet user@${guestUser.uid}.service`,
        ]
      : []),
    ...(flavours[flavour].preparation ?? []),
    "sync",
    "echo 3 >/proc/sys/vm/drop_caches",
  ].join("\n");
}

async function prepare(guest: Guest): Promise<void> {
  const remarks = await guest.output(["sh", "-c", prepareScript(guest.flavour)], {
    cwd: "/",
    timeoutMs: prepareTimeoutMs,
  });
  if (remarks.trim() !== "" && remarks.trim() !== "running")
    console.error(`vm: ${guest.flavour}: ${remarks.trim()}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      flavour: { type: "string", default: "minimal" },
      kernel: { type: "string" },
      share: { type: "string" },
      cold: { type: "boolean", default: false },
      user: { type: "boolean", default: false },
      timeout: { type: "string", default: "600" },
    },
  });
  const [verb, ...command] = positionals;
  const flavour = oneOf("--flavour", values.flavour, Object.keys(flavours) as FlavourName[]);
  const kernel = values.kernel && oneOf("--kernel", values.kernel, ["host", "sid"] as const);
  const seconds = Number(values.timeout);
  if (!(seconds > 0))
    throw new Error(`--timeout ${values.timeout}: a positive number of seconds is accepted`);
  const reason = guestUnavailable(architectureOf(flavour));
  if (reason !== undefined || verb === "check") {
    console.log(reason ?? "the guest can run here");
    return reason === undefined ? 0 : 1;
  }
  const options: GuestOptions = {
    cold: values.cold,
    ...(kernel ? { kernel } : {}),
    ...(values.share === undefined ? {} : { share: values.share }),
  };
  if (verb === "build") {
    const images = await buildImages(flavour, options.kernel);
    await savedMachine(flavour, images);
    return 0;
  }
  if (verb !== "run" || command.length === 0) {
    throw new Error("usage: guest.ts check | build [--flavour F] [--kernel K] | run [options] -- COMMAND...");
  }
  return await withGuest(
    flavour,
    async (guest) => {
      const { exitCode } = await guest.run(command, {
        user: values.user,
        timeoutMs: seconds * 1000,
        ...throughOurStreams(),
      });
      return exitCode;
    },
    options,
  );
}

function oneOf<T extends string>(flag: string, value: string, accepted: readonly T[]): T {
  const found = accepted.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new Error(`${flag} ${value}: accepted are ${accepted.join(", ")}`);
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`vm: ${(error as Error).message}`);
    process.exitCode = 125;
  }
}
