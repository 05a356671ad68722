// Builds what a test machine starts from: the agent, the kernel with its modules, the root file system.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Architecture, architectures } from "./architectures.ts";
import { cached, cacheKey } from "./cache.ts";
import { debianSources, installRoot, unpackKernel } from "./debian.ts";
import {
  bootModules,
  type Distribution,
  type Flavour,
  type FlavourName,
  flavours,
  guestUser,
} from "./flavours.ts";
import { initramfsArchive } from "./initramfs.ts";
import { runTool } from "./process.ts";

const directory = import.meta.dir;
const projectDirectory = join(directory, "..", "..");

/** useradd(8) */
const userOptions = `--create-home --shell /bin/bash ${guestUser.name}`;

/** Virtual size of the root disk: room for the clients' images; the file holds only what is written. */
const rootDiskSize = "8G";

export interface Images {
  /** Identifies the contents of all files together. */
  readonly key: string;
  readonly kernel: string;
  readonly initramfs: string;
  readonly rootDisk: string;
  readonly modulesDisk: string;
}

/** The images of a flavour, built where the cache has none; `kernel` overrides the flavour's own. */
export async function buildImages(name: FlavourName, kernel?: Distribution): Promise<Images> {
  const flavour = flavours[name];
  const architecture = architectures[flavour.architecture ?? "x64"];
  const kernelDirectory = await buildKernel(kernel ?? flavour.kernel, architecture);
  const rootDirectory = await buildRoot(name, flavour);
  const initramfsDirectory = await buildInitramfs(kernelDirectory, architecture);
  return {
    key: cacheKey(kernelDirectory, rootDirectory, initramfsDirectory),
    kernel: join(kernelDirectory, "vmlinuz"),
    initramfs: join(initramfsDirectory, "initramfs.cpio"),
    rootDisk: join(rootDirectory, "root.img"),
    modulesDisk: join(kernelDirectory, "modules.img"),
  };
}

function sourceText(...names: readonly string[]): string {
  return names.map((name) => readFileSync(join(directory, name), "utf8")).join("\0");
}

async function buildKernel(distribution: Distribution, { debian }: Architecture): Promise<string> {
  const sources = await debianSources(distribution);
  const key = cacheKey(sources, debian, sourceText("images.ts", "debian.ts"));
  return await cached(`kernel-${distribution}-${debian}`, key, async (scratch) => {
    await unpackKernel(scratch, sources, debian);
    const tree = join(scratch, "tree");
    // Older packages have /lib/modules, newer ones /usr/lib/modules; depmod(8) looks into /lib.
    const merged = existsSync(join(tree, "usr/lib/modules"));
    if (merged) symlinkSync("usr/lib", join(tree, "lib"));
    const modules = join(tree, "lib/modules");
    const release = readdirSync(modules)[0];
    if (release === undefined) throw new Error("the kernel packages brought no modules");
    await runTool(["depmod", "--basedir", tree, release]);
    const packaged = [join(modules, release, "vmlinuz"), join(tree, "boot", `vmlinuz-${release}`)];
    const vmlinuz = packaged.find((path) => existsSync(path));
    if (vmlinuz === undefined) throw new Error(`the kernel packages of ${release} brought no vmlinuz`);
    renameSync(vmlinuz, join(scratch, "vmlinuz"));
    writeFileSync(join(scratch, "release"), release);
    const bootDirectory = join(scratch, "boot-modules");
    mkdirSync(bootDirectory);
    bootModuleFiles(join(modules, release)).forEach((path, index) => {
      const fileName = `${String(index).padStart(2, "0")}-${path.slice(path.lastIndexOf("/") + 1)}`;
      writeFileSync(join(bootDirectory, fileName), readFileSync(path));
    });
    await makeDisk(join(scratch, "modules.img"), modules, "512M");
    rmSync(tree, { recursive: true });
    rmSync(join(scratch, "apt"), { recursive: true });
  });
}

/** The boot modules that are not built in, each behind what it depends on (modules.dep(5)). */
function bootModuleFiles(modules: string): string[] {
  const dependencies = new Map<string, string[]>();
  for (const line of readFileSync(join(modules, "modules.dep"), "utf8").split("\n")) {
    const [path, rest] = line.split(":");
    if (path && rest !== undefined) dependencies.set(path, rest.trim().split(" ").filter(Boolean));
  }
  const ordered = new Set<string>();
  for (const name of bootModules) {
    const path = [...dependencies.keys()].find((candidate) => candidate.includes(`/${name}.ko`));
    if (path === undefined) continue;
    for (const dependency of (dependencies.get(path) ?? []).toReversed()) ordered.add(dependency);
    ordered.add(path);
  }
  return [...ordered].map((path) => join(modules, path));
}

async function buildInitramfs(kernelDirectory: string, { zig }: Architecture): Promise<string> {
  const agentSources = readdirSync(join(directory, "agent")).sort();
  const agentKey = cacheKey(sourceText("images.ts", ...agentSources.map((name) => `agent/${name}`)));
  const key = cacheKey(kernelDirectory, agentKey, sourceText("initramfs.ts"));
  return await cached("initramfs", key, async (scratch) => {
    const agent = join(scratch, "agent");
    await compileAgent(agent, scratch, zig);
    const bootDirectory = join(kernelDirectory, "boot-modules");
    const names = readdirSync(bootDirectory).sort();
    const archive = initramfsArchive([
      { path: "dev", mode: 0o040755, content: new Uint8Array() },
      { path: "init", mode: 0o100755, content: readFileSync(agent) },
      {
        path: "modules.list",
        mode: 0o100644,
        content: Buffer.from(names.map((name) => `/${name}\n`).join("")),
      },
      ...names.map((name) => ({
        path: name,
        mode: 0o100644,
        content: readFileSync(join(bootDirectory, name)),
      })),
    ]);
    writeFileSync(join(scratch, "initramfs.cpio"), archive);
    rmSync(agent);
  });
}

async function compileAgent(output: string, scratch: string, arch: string): Promise<void> {
  const zigCache = join(scratch, "zig-cache");
  await runTool([
    join(projectDirectory, "node_modules/.bin/zig"),
    "build-exe",
    "-O",
    "ReleaseSafe",
    "-fstrip",
    "-fsingle-threaded",
    "-target",
    `${arch}-linux-musl`,
    "--cache-dir",
    zigCache,
    `-femit-bin=${output}`,
    join(directory, "agent/main.zig"),
  ]);
  rmSync(zigCache, { recursive: true, force: true });
}

async function buildRoot(name: FlavourName, flavour: Flavour): Promise<string> {
  const sources = await debianSources(flavour.distribution);
  const own = flavour.architecture === undefined ? [] : ["bun/package-lock.json"];
  const key = cacheKey(sources, flavour, guestUser, sourceText("images.ts", "debian.ts", ...own));
  return await cached(`root-${name}`, key, async (scratch) => {
    const tree = join(scratch, "tree");
    if (flavour.architecture === undefined) await installNative(tree, sources, flavour);
    else await installForeign(tree, sources, flavour, architectures[flavour.architecture], scratch);
    configureRoot(tree, flavour);
    await makeDisk(join(scratch, "root.img"), tree, rootDiskSize);
    rmSync(tree, { recursive: true });
    rmSync(`${tree}.sources`);
  });
}

async function installNative(tree: string, sources: string, flavour: Flavour): Promise<void> {
  const unpack = (flavour.unpacked ?? []).map(
    (wanted) => `apt-get download ${wanted} && dpkg-deb --extract ${wanted}_*.deb / && rm ${wanted}_*.deb`,
  );
  await installRoot(tree, sources, flavour.packages, [
    `chroot "$1" useradd ${userOptions}`,
    ...unpack.map((commands) => `chroot "$1" sh -c 'cd /tmp && ${commands}'`),
  ]);
}

/** What packages' scripts would have made is made from outside; so is Bun's installation, which the share has for x64 only. */
async function installForeign(
  tree: string,
  sources: string,
  flavour: Flavour,
  { debian }: Architecture,
  scratch: string,
): Promise<void> {
  await installRoot(tree, sources, flavour.packages, [], debian);
  const accounts = ["passwd", "group"].map(
    (file) => `cp "$1/usr/share/base-passwd/${file}.master" "$1/etc/${file}"`,
  );
  await runTool([
    "sh",
    "-e",
    "-c",
    [...accounts, `useradd --prefix "$1" ${userOptions}`].join("\n"),
    "sh",
    tree,
  ]);
  const bunDirectory = join(scratch, "bun");
  cpSync(join(directory, "bun"), bunDirectory, { recursive: true });
  await runTool(["npm", "ci", "--force", "--no-audit", "--no-fund"], { cwd: bunDirectory });
  const bun = new Bun.Glob("node_modules/@oven/*/bin/bun").scanSync(bunDirectory).next().value;
  if (bun === undefined) throw new Error("npm installed no Bun for the guest");
  cpSync(join(bunDirectory, bun), join(tree, "usr/bin/bun"));
  rmSync(bunDirectory, { recursive: true });
}

/** Files of the root file system that no package brings: path below the root, content. */
function configureRoot(tree: string, flavour: Flavour): void {
  const { name, uid } = guestUser;
  const files: Record<string, string> = {
    "etc/hostname": "guest\n",
    "etc/hosts": "127.0.0.1 localhost guest\n::1 localhost\n",
    "etc/fstab": "",
    "etc/resolv.conf": "",
    "etc/subuid": `${name}:100000:65536\n`,
    "etc/subgid": `${name}:100000:65536\n`,
  };
  if (flavour.systemd) {
    Object.assign(files, {
      "etc/machine-id": `${cacheKey("guest")}${cacheKey("guest")}\n`,
      [`var/lib/systemd/linger/${name}`]: "",
      "etc/systemd/system/bunc-agent.service": agentUnit,
      "etc/systemd/system/user@.service.d/delegate.conf": "[Service]\nDelegate=cpu cpuset io memory pids\n",
      [`home/${name}/.profile`]: `export XDG_RUNTIME_DIR=/run/user/${uid}\n`,
    });
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
  mkdirSync(join(tree, "usr/lib/modules"), { recursive: true });
  mkdirSync(join(tree, "project"));
  mkdirSync(join(tree, "scratch"));
  chmodSync(join(tree, "scratch"), 0o1777);
  if (!flavour.systemd) return;
  const wants = join(tree, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wants, { recursive: true });
  symlinkSync("/etc/systemd/system/bunc-agent.service", join(wants, "bunc-agent.service"));
  for (const unit of ["getty.target", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"]) {
    symlinkSync("/dev/null", join(tree, "etc/systemd/system", unit));
  }
}

/** The agent's commands live in sub-cgroups of its own unit, as a container manager's would. */
const agentUnit = `[Unit]
Description=Runs commands of the test host
Requires=dbus.socket
After=dbus.socket

[Service]
Type=exec
ExecStart=/run/bunc-vm/agent serve /sys/fs/cgroup/system.slice/bunc-agent.service
Delegate=yes
DelegateSubgroup=agent
KillMode=mixed
TasksMax=infinity
LimitNOFILE=1048576
LimitMEMLOCK=infinity
OOMPolicy=continue
`;

/** An ext4 image of `size` with the contents of `tree`; without a journal, no image outlives a crash. */
export async function makeDisk(image: string, tree: string, size: string): Promise<void> {
  const features = ["-O", "^has_journal", "-E", "lazy_itable_init=1,root_owner=0:0", "-m", "0"];
  await runTool(["mke2fs", "-q", "-F", "-t", "ext4", ...features, "-d", tree, image, size]);
}
