/**
 * bunc-init is never dumpable while a process of the container could trace it (CVE-2016-9962), not even on a host with
 * fs.suid_dumpable = 1, where each change of user or user namespace makes a process dumpable.
 */
import { expect } from "bun:test";
import { chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { addUserNamespace, type Edit } from "../harness/config.ts";
import { buncOnly, command as needsCommand, root, userNamespaces } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Bundle, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const REFUSES = /^prctl\(PR_SET_DUMPABLE, (?:SUID_DUMP_DISABLE|0)/;

/** Checks the relevant calls of each process of a command. → changes that were not followed at once by PR_SET_DUMPABLE 0 */
async function openChanges(box: Sandbox, words: string[]): Promise<{ changes: number; open: string[] }> {
  const directory = box.path("traces");
  Bun.spawnSync(["mkdir", "-p", directory]);
  const calls =
    "trace=setresuid,setresgid,setns,unshare,prctl,execve,execveat,clone,clone3,fork,vfork,open,openat,openat2,read,sendmsg,recvmsg";
  const child = Bun.spawn(["strace", "-ff", "-o", `${directory}/t`, "-e", calls, ...box.commandLine(words)], {
    env: bareEnvironment,
    stdio: ["ignore", "ignore", "ignore"],
  });
  expect(await child.exited).toBe(0);
  const open: string[] = [];
  let changes = 0;
  for (const name of readdirSync(directory)) {
    const lines = readFileSync(`${directory}/${name}`, "utf8").split("\n");
    // Only bunc-init promises this.
    const begin = lines.findIndex((line) => line.startsWith("execveat(") && line.includes('"bunc-init"'));
    const end = lines.findIndex((line, at) => at > begin && line.startsWith('execve("/probe"'));
    const isFork = begin === -1 && lines.some((line) => line.startsWith('execve("/probe"'));
    if (begin === -1 && !isFork) continue;
    const own = lines.slice(begin + 1, end === -1 ? lines.length : end);
    for (const [at, line] of own.entries()) {
      const changed = /^(setresuid|setresgid)\(|^setns\(.*CLONE_NEWUSER/.test(line) && line.endsWith("= 0");
      if (!changed) continue;
      changes += 1;
      if (!REFUSES.test(own[at + 1] ?? "")) open.push(`${line}; then: ${own[at + 1]}`);
    }
  }
  return { changes, open };
}

/** In a user namespace the namespace's root creates the mount points. */
function withOwnRoot(bundle: Bundle): Bundle {
  if (bundle.config.linux.uidMappings !== undefined) chownSync(bundle.rootfs, 100000, 100000);
  return bundle;
}

const cases: [name: string, edit: Edit][] = [
  ["of the host's user namespace", () => {}],
  ["with a user namespace", addUserNamespace],
];

for (const [name, edit] of cases) {
  const needs = [root, buncOnly, needsCommand("strace"), userNamespaces];
  scenario(`exec, as another user, in a container ${name}`, needs, async (box) => {
    const id = await box.started(withOwnRoot(box.probe(["sleep"], edit)));
    const { changes, open } = await openChanges(box, ["exec", "--user", "1000:1000", id, "/probe"]);
    expect(changes).toBeGreaterThan(1);
    expect(open).toEqual([]);
  });

  scenario(`run, as another user, of a container ${name}`, needs, async (box) => {
    const bundle = withOwnRoot(
      box.probe([], (config) => {
        edit(config);
        config.process.user = { uid: 1000, gid: 1000 };
      }),
    );
    const { changes, open } = await openChanges(box, ["run", "--bundle", bundle.directory, box.id()]);
    expect(changes).toBeGreaterThan(1);
    expect(open).toEqual([]);
    expect(existsSync(box.root) ? readdirSync(box.root) : []).toEqual([]);
  });
}
