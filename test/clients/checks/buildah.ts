/** Buildah with BUILDAH_RUNTIME, as root and as an ordinary user. */
import type { Check } from "../check.ts";

const build = (file: string) =>
  `mkdir -p /tmp/$C-d; printf '${file}' >/tmp/$C-d/Containerfile; buildah build -q --network none -t localhost/$C /tmp/$C-d`;
const from = "c=$(buildah from --name $C localhost/busybox)";
const run = (command: string) => `${from}; buildah run --network none $c ${command}`;

export const buildah: readonly Check[] = [
  {
    name: "the runtime is the one under test",
    script: `${from}; buildah --log-level debug run --network none $c true 2>&1 | grep -c "Running.*$BUILDAH_RUNTIME.*create"`,
    output: /^[1-9]/,
  },
  {
    name: "run: output and exit status",
    script: run("sh -c 'echo inside; exit 7'"),
    status: 7,
    output: /^inside/,
  },
  {
    name: "run: missing executable",
    script: run("no-such-program"),
    status: 1,
    output: /exec: \\?"no-such-program\\?": executable file not found in \$PATH/,
  },
  {
    name: "run with a terminal",
    script: `${from}; script -qec "buildah run -t --network none $c tty" /dev/null </dev/null`,
    output: /\/dev\/pts\/\d/,
  },
  {
    name: "build",
    script: `${build("FROM localhost/busybox\\nENV A=b\\nWORKDIR /w\\nRUN echo $A >made; id -u >>made\\nRUN --mount=type=tmpfs,target=/t touch /t/f && cat /w/made >/copied\\n")} >/dev/null; c=$(buildah from --name $C localhost/$C); buildah run --network none $c cat /copied`,
    output: "b\n0",
  },
  {
    name: "build: a step that fails",
    script: build("FROM localhost/busybox\\nRUN exit 9\\n"),
    status: 9,
    output: /exit status 9/,
  },
];
