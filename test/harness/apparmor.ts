/** AppArmor profiles that are loaded during a test. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Requirement } from "./requirements.ts";
import type { Sandbox } from "./sandbox.ts";

export const apparmor: Requirement = () => {
  try {
    if (readFileSync("/sys/module/apparmor/parameters/enabled", "utf8") === "Y\n") {
      return Bun.which("apparmor_parser") === null ? "needs apparmor_parser" : null;
    }
  } catch {}
  return "needs a kernel with AppArmor";
};

/** Loads a profile that allows everything except reading /denied. → its name, valid during `body`. */
export async function withProfile(
  box: Sandbox,
  kind: string,
  body: (name: string) => Promise<void>,
): Promise<void> {
  const name = `${box.name}-${kind}`;
  const allowed = "file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, dbus,";
  const path = box.path(`${kind}.profile`);
  writeFileSync(path, `profile ${name} flags=(attach_disconnected) { ${allowed} deny /denied r, }\n`);
  const load = (flag: string) => Bun.spawnSync(["apparmor_parser", "--skip-cache", flag, path]);
  const loaded = load("--replace");
  if (!loaded.success) throw new Error(loaded.stderr.toString());
  try {
    await body(name);
  } finally {
    load("--remove");
  }
}
