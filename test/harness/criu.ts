/** Containers for tests of `checkpoint` and `restore` with the installed CRIU. */
import { existsSync, readFileSync } from "node:fs";
import type { Edit } from "./config.ts";
import { type Requirement, root } from "./requirements.ts";
import { type Bundle, type Sandbox, until } from "./sandbox.ts";
import { busybox, shell } from "./shell.ts";

let criuAnswer: string | null | undefined;
const criu: Requirement = () => {
  if (Bun.which("criu") === null) return "needs criu";
  if (criuAnswer === undefined) {
    const check = Bun.spawnSync(["criu", "check"], { stderr: "pipe" });
    const [first] = check.stderr.toString().split("\n").slice(-2);
    criuAnswer = check.success ? null : `criu check fails here: ${first ?? ""}`;
  }
  return criuAnswer;
};
export const needs = [root, criu, busybox];

/** A process that CRIU saves may have no terminal and no file of the host open. */
export const quiet = { wrapper: ["sh", "-c", 'exec "$0" "$@" </dev/null >/dev/null 2>&1'] };

/** Waits without a child process (no sleep(1)), because CRIU does not save a process that waits in vfork(2) for its child. */
export const WAIT = "j=0; while [ $j -lt 3000 ]; do j=$((j+1)); done";
export const COUNT = `i=0; while :; do i=$((i+1)); echo $i >>/data/count; ${WAIT}; done`;

/** The number that it has reached, from the last complete line: it may be stopped at any point. */
export const counted = ({ rootfs }: Bundle) => {
  const file = `${rootfs}/data/count`;
  return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n").at(-2) ?? 0) : 0;
};

export const countsPast = (bundle: Bundle, number: number) =>
  until(`it counts past ${number}`, () => (counted(bundle) > number ? true : undefined));

export async function counting(box: Sandbox, edit: Edit = () => {}, flags: string[] = []) {
  const bundle = shell(box, COUNT, edit);
  const id = box.id();
  await box.must([...flags, "run", "--detach", "--bundle", bundle.directory, id], quiet);
  await countsPast(bundle, 3);
  return { bundle, id };
}

export const checkpoint = (box: Sandbox, id: string, ...flags: string[]) =>
  box.must(["checkpoint", "--image-path", box.path("images"), "--work-path", box.path("work"), ...flags, id]);

export const restore = (box: Sandbox, { directory }: Bundle, id: string, ...flags: string[]) => {
  const paths = ["--image-path", box.path("images"), "--work-path", box.path("work"), "--bundle", directory];
  return box.must(["restore", "--detach", ...paths, ...flags, id], quiet);
};

export async function exists(box: Sandbox, id: string): Promise<boolean> {
  return (await box.call(["state", id])).status === 0;
}
