/** containerd 1.7: the newer one's checks where the two call the runtime differently, and its own. */
import type { Check } from "../check.ts";
import { older } from "../older-containerd.ts";
import { containerd, image, pid, start } from "./containerd.ts";
import { cri } from "./cri.ts";

function named(checks: readonly Check[], ...names: readonly string[]): Check[] {
  return names.map((name) => {
    const found = checks.find((check) => check.name === name);
    if (found === undefined) throw new Error(`no check "${name}"`);
    return found;
  });
}

export const olderContainerdChecks: readonly Check[] = [
  {
    name: "ctr, daemon and shim are of 1.7",
    script: `${start} sleep 600; ctr version | grep -c 'Version: *1\\.7\\.'; readlink /proc/$(ps -o ppid= -p ${pid} | tr -d ' ')/exe`,
    output: `2\n${older.programs}/containerd-shim-runc-v2`,
  },
  {
    // Only its first event shows that `ctr events` listens.
    name: "events",
    script: `ctr events >/tmp/$C.events & until_ok sh -c "ctr run $BINARY --rm ${image} $C true; test \\$(grep $C /tmp/$C.events | grep -o '/tasks/[a-z]*' | sort -u | wc -l) = 4"; kill $!; grep $C /tmp/$C.events | grep -o '/tasks/[a-z]*' | sort -u`,
    output: "/tasks/create\n/tasks/delete\n/tasks/exit\n/tasks/start",
  },
  ...named(
    containerd,
    "ctr run",
    "exit status",
    "missing executable",
    "terminal",
    "task ls, ps, metrics",
    "task exec",
    "task pause and resume",
    "task kill and delete",
    "limits",
    "with systemd's cgroups",
  ),
];

export const olderCri: readonly Check[] = named(
  cri,
  "a pod of the RuntimeClass",
  "exit code and reason",
  "log",
  "ExecSync",
  "where the cgroup is",
  "limits",
  "OOMKilled",
  "nothing is left of a pod",
);
