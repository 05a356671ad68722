// The project's integration suite inside the test machine: pure cgroup v2, every controller, Debian's runc.
//
//     BUNC_VM_COMMAND   shell command to run in the guest's copy of the project, instead of the suite
//     BUNC_VM_FLAVOURS  flavours to run it in, separated by commas (default: minimal,systemd)
//     BUNC_VM_KERNEL    host or sid, instead of the flavour's own kernel
//     RUNTIME, BUNC_*   handed on to the command
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { recordPassed, recordVariable } from "../harness/passed.ts";
import { probePath } from "../harness/probe.ts";
import { skipMarker } from "../harness/scenario-name.ts";
import { architectures } from "./architectures.ts";
import { type Distribution, flavours as definitions } from "./flavours.ts";
import {
  type FlavourName,
  type Guest,
  guestScratch,
  guestUnavailable,
  throughOurStreams,
  withGuest,
} from "./guest.ts";

const project = join(import.meta.dir, "..", "..");
const suiteTimeoutMs = 40 * 60_000;
const command = process.env["BUNC_VM_COMMAND"] ?? "bun test/run.ts --only=integration";
const flavours = (process.env["BUNC_VM_FLAVOURS"] ?? "minimal,systemd").split(",") as FlavourName[];
const guestRecord = join(guestScratch, "passed-tests");
const kernel = process.env["BUNC_VM_KERNEL"] as Distribution | undefined;

/** Where the flavour's executable is, and what puts it and its probe where the guest's tests look for them. */
function executableFor(flavour: FlavourName): { path: string; build: string; placing: string } {
  const { architecture } = definitions[flavour];
  if (architecture === undefined) return { path: "dist/bunc", build: "npm run build", placing: "" };
  return {
    path: `dist/bunc-${architecture}`,
    build: `bun build.ts --arch=${architecture}`,
    placing: ["bunc", "probe"].map((name) => `cp dist/${name}-${architecture} dist/${name} && `).join(""),
  };
}

function unavailable(flavour: FlavourName): string | undefined {
  const { path, build } = executableFor(flavour);
  if (!existsSync(join(project, path))) return `${path} is not built: ${build}`;
  return guestUnavailable(architectures[definitions[flavour].architecture ?? "x64"]);
}

/** /tmp in the guest is a tmpfs whose flags (nosuid, nodev) every bind mount of it would inherit. */
function environment(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => /^(RUNTIME$|CI$|BUNC_(?!VM_))/.test(name));
  const handedOn = names.map((name) => [name, process.env[name] ?? ""] as const);
  return { TMPDIR: guestScratch, ...Object.fromEntries(handedOn), [recordVariable]: guestRecord };
}

/** What passed in the guest counts as what passed here. */
async function fetchPassed(guest: Guest): Promise<void> {
  if (!process.env[recordVariable]) return;
  const { stdout } = await guest.run(["sh", "-c", `cat ${guestRecord} 2>/dev/null || true`]);
  recordPassed(stdout.split("\n").filter(Boolean));
}

describe.each(flavours)("integration suite in the %s guest", (flavour) => {
  const reason = unavailable(flavour);
  if (reason !== undefined) {
    test.skip(`${command}${skipMarker}${reason}]`, () => undefined);
    return;
  }
  test(
    command,
    async () => {
      // The guest has no compiler.
      probePath(definitions[flavour].architecture);
      const exitCode = await withGuest(
        flavour,
        async (guest) => {
          const result = await guest.run(["sh", "-c", executableFor(flavour).placing + command], {
            env: environment(),
            timeoutMs: suiteTimeoutMs,
            ...throughOurStreams(),
          });
          await fetchPassed(guest);
          return result.exitCode;
        },
        { share: project, ...(kernel === undefined ? {} : { kernel }) },
      );
      expect(exitCode).toBe(0);
    },
    suiteTimeoutMs + 10 * 60_000,
  );
});
