// One QEMU process: started cold or from a saved machine, driven over QMP, gone when its owner is.
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "./architectures.ts";
import { AgentChannel, GuestGoneError } from "./channel.ts";
import type { Images } from "./images.ts";
import { onInterruption } from "./interruption.ts";
import { ownedDirectory } from "./owned-directory.ts";
import { runTool } from "./process.ts";

const memoryMib = 2048;
const cpus = 2;
/** Virtual size of the disk for shared files; a saved machine expects the size that it was saved with. */
export const shareDiskSize = 4 * 2 ** 30;
const bootTimeoutMs = 240_000;
const socketPathMax = 107;

export interface MachineOptions {
  readonly architecture: Architecture;
  readonly images: Images;
  /** Program that the kernel's command line names as init; the agent itself when undefined. */
  readonly init: string | undefined;
  /** Beside those of every machine. */
  readonly kernelOptions: readonly string[];
  /** Directory of a saved machine to continue. */
  readonly saved?: string;
  /** Directory that `save` will write to. */
  readonly saveTo?: string;
  /** Puts the shared files into the image at the path given; the disk stays empty when undefined. */
  readonly fillShareDisk?: ((image: string) => Promise<void>) | undefined;
}

interface Qmp {
  execute(command: string, parameters?: object): Promise<Record<string, unknown>>;
}

/** What decides how a machine behaves, beside its images: part of the key of saved machines. */
export async function machineIdentity(architecture: Architecture): Promise<string> {
  const version = await runTool([architecture.emulator.program, "--version"]);
  const images = { kernel: "", initramfs: "" };
  return JSON.stringify([
    version,
    qemuArguments("", { architecture, images, init: undefined, kernelOptions: [] }),
    shareDiskSize,
  ]);
}

function qemuArguments(
  directory: string,
  {
    architecture,
    images,
    init,
    kernelOptions,
  }: Pick<MachineOptions, "architecture" | "init" | "kernelOptions"> & {
    images: Pick<Images, "kernel" | "initramfs">;
  },
): string[] {
  const kernelCommandLine = [
    `console=${architecture.console}`,
    "quiet",
    "panic=-1",
    "mitigations=off",
    "cgroup_no_v1=all",
    "psi=1",
    "hugepages=8",
    ...architecture.kernelOptions,
    ...kernelOptions,
    ...(init === undefined ? [] : [`init=${init}`]),
  ];
  const disk = (name: string, format: string, readonly: boolean) => [
    "-drive",
    `if=none,id=${name},file=${join(directory, name)},format=${format},cache=unsafe,readonly=${readonly ? "on" : "off"}`,
    "-device",
    `virtio-blk-pci,drive=${name}`,
  ];
  return [
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none"],
    ["-machine", ...architecture.machine, "-accel", "tcg,thread=multi", "-cpu", "max"],
    ["-smp", String(cpus), "-m", `${memoryMib}M`],
    ["-kernel", images.kernel, "-initrd", images.initramfs, "-append", kernelCommandLine.join(" ")],
    ["-serial", `file:${join(directory, "console.log")}`],
    disk("root", "qcow2", false),
    disk("modules", "raw", true),
    disk("share", "raw", false),
    ["-chardev", `socket,id=agent,path=${join(directory, "agent.sock")}`],
    ["-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=bunc-vm.agent"],
    ["-chardev", `socket,id=qmp,path=${join(directory, "qmp.sock")}`, "-mon", "chardev=qmp,mode=control"],
  ].flat();
}

export class Machine {
  readonly channel: AgentChannel;
  readonly pid: number;
  readonly #directory: string;
  readonly #qemu: Bun.Subprocess;
  readonly #qmp: Qmp;
  readonly #release: () => void;

  private constructor(directory: string, qemu: Bun.Subprocess, channel: AgentChannel, qmp: Qmp) {
    this.#directory = directory;
    this.#qemu = qemu;
    this.pid = qemu.pid;
    this.channel = channel;
    this.#qmp = qmp;
    this.#release = onInterruption(() => this.stopNow());
  }

  /** Starts QEMU and waits until the agent in the guest answers. */
  static async start(options: MachineOptions): Promise<Machine> {
    const directory = ownedDirectory(tmpdir(), "bunc-vm");
    let machine: Machine | undefined;
    let qemu: Bun.Subprocess | undefined;
    const release = onInterruption(() => {
      qemu?.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    });
    try {
      await prepareDisks(directory, options);
      const agentSocket = acceptOne(join(directory, "agent.sock"));
      const qmpSocket = acceptOne(join(directory, "qmp.sock"));
      const command = [options.architecture.emulator.program, ...qemuArguments(directory, options)];
      if (options.saved !== undefined) command.push("-incoming", 'exec:exec cat <"$BUNC_VM_MEMORY"');
      const log = join(directory, "qemu.log");
      // The kernel ends QEMU with this process even when nobody is left to do so (prctl(2), PR_SET_PDEATHSIG).
      qemu = Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", ...command], {
        stdio: ["ignore", Bun.file(log), Bun.file(log)],
        env: { ...process.env, BUNC_VM_MEMORY: join(options.saved ?? options.saveTo ?? "", "memory") },
      });
      const running = qemu;
      const ended = running.exited.then(() => {
        throw new GuestGoneError(`QEMU ended ${endOf(running)} before the guest answered`);
      });
      const whyGone = async () => {
        await running.exited;
        return new GuestGoneError(withLogs(directory, `the guest is gone: QEMU ended ${endOf(running)}`));
      };
      const channel = new AgentChannel(await Promise.race([agentSocket, ended]), whyGone);
      const qmp = await openQmp(await Promise.race([qmpSocket, ended]));
      machine = new Machine(directory, running, channel, qmp);
      if (options.saved !== undefined) {
        await untilMigrated(qmp);
        // It was stopped when it was saved, and still is.
        await qmp.execute("cont");
      }
      await withTimeout(
        Promise.race([channel.ping(), ended]),
        bootTimeoutMs,
        "the guest's agent does not answer",
      );
      return machine;
    } catch (error) {
      const message = withLogs(directory, `the test machine did not start: ${(error as Error).message}`);
      if (machine === undefined) {
        qemu?.kill("SIGKILL");
        await qemu?.exited;
        rmSync(directory, { recursive: true, force: true });
      } else {
        await machine.stop();
      }
      throw error instanceof GuestGoneError ? new GuestGoneError(message) : new Error(message);
    } finally {
      release();
    }
  }

  /** The last lines that the guest's kernel and init wrote to the serial console. */
  consoleTail(): string {
    return lastLines(join(this.#directory, "console.log"));
  }

  /** Stops the machine and writes its memory and its root disk's changes into `directory`. */
  async save(directory: string): Promise<void> {
    await this.#qmp.execute("stop");
    await this.#qmp.execute("migrate", { uri: 'exec:exec cat >"$BUNC_VM_MEMORY"' });
    await untilMigrated(this.#qmp);
    await this.#qmp.execute("quit").catch(() => undefined);
    await this.#qemu.exited;
    const overlay = join(this.#directory, "root");
    await runTool(["mv", overlay, join(directory, "root")]);
    await this.stop();
  }

  /** Kills QEMU and removes everything that the machine had on the host. */
  async stop(): Promise<void> {
    this.stopNow();
    await this.#qemu.exited;
  }

  /** As `stop`, for the last moments of this process: does not wait. */
  stopNow(): void {
    this.#qemu.kill("SIGKILL");
    this.channel.close(new Error("the guest was stopped"));
    rmSync(this.#directory, { recursive: true, force: true });
    this.#release();
  }
}

async function prepareDisks(directory: string, options: MachineOptions): Promise<void> {
  const backing =
    options.saved === undefined ? [options.images.rootDisk, "raw"] : [join(options.saved, "root"), "qcow2"];
  const [file, format] = backing as [string, string];
  await runTool([
    "qemu-img",
    "create",
    "-q",
    "-f",
    "qcow2",
    "-b",
    file,
    "-F",
    format,
    join(directory, "root"),
  ]);
  await runTool(["ln", "-s", options.images.modulesDisk, join(directory, "modules")]);
  const share = join(directory, "share");
  if (options.fillShareDisk !== undefined) await options.fillShareDisk(share);
  else writeFileSync(share, "");
  truncateSync(share, shareDiskSize);
}

/** Listens on a socket path for the one connection that QEMU makes to it. */
function acceptOne(path: string): Promise<Socket> {
  if (path.length > socketPathMax) throw new Error(`TMPDIR is too long for a socket path: ${path}`);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    server.close();
    resolve(socket);
  });
  server.on("error", reject);
  server.listen(path);
  server.unref();
  return promise;
}

/** QEMU Machine Protocol: one JSON object a line; answers come in the order of the commands. */
async function openQmp(socket: Socket): Promise<Qmp> {
  const waiting: { resolve(value: Record<string, unknown>): void; reject(error: Error): void }[] = [];
  let buffered = "";
  socket.on("data", (chunk) => {
    buffered += chunk.toString();
    const lines = buffered.split("\n");
    buffered = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line) as { return?: Record<string, unknown>; error?: { desc: string } };
      if (message.error) waiting.shift()?.reject(new Error(`QMP: ${message.error.desc}`));
      else if (message.return) waiting.shift()?.resolve(message.return);
    }
  });
  const closed = () => {
    for (const entry of waiting.splice(0)) entry.reject(new Error("QMP: QEMU is gone"));
  };
  socket.on("close", closed);
  socket.on("error", closed);
  const execute: Qmp["execute"] = (command, parameters = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    waiting.push({ resolve, reject });
    socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    return promise;
  };
  await execute("qmp_capabilities");
  return { execute };
}

async function untilMigrated(qmp: Qmp): Promise<void> {
  const deadline = performance.now() + bootTimeoutMs;
  while (performance.now() < deadline) {
    const { status } = await qmp.execute("query-migrate");
    if (status === "completed") return;
    if (status === "failed" || status === "cancelled")
      throw new Error(`saving or restoring the machine ${status}`);
    await Bun.sleep(50);
  }
  throw new Error("saving or restoring the machine did not end");
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, message: string): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${message} within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** How a process that is gone ended. */
function endOf({ exitCode, signalCode }: Bun.Subprocess): string {
  return signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
}

/** The message, and below it what QEMU and the guest's kernel said last. */
function withLogs(directory: string, message: string): string {
  const logs = ["qemu.log", "console.log"].map((name) => lastLines(join(directory, name)));
  return [message, ...logs.filter(Boolean)].join("\n");
}

/** What a kernel says of its panic, with its call trace and what led to it. */
const linesOfPanic = 80;

function lastLines(path: string): string {
  if (!existsSync(path)) return "";
  return readFileSync(path, "utf8").trimEnd().split(/\r?\n/).slice(-linesOfPanic).join("\n");
}
