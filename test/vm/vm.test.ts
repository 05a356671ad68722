// The test machine itself: what it offers, how commands behave in it, and that nothing of it stays behind.
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipMarker } from "../harness/scenario-name.ts";
import { type Guest, GuestTimeoutError, guestUnavailable, startGuest, withGuest } from "./guest.ts";

const unavailable = guestUnavailable();
const controllers = "cpuset cpu io memory hugetlb pids rdma misc";

if (unavailable !== undefined) test.skip(`test machine${skipMarker}${unavailable}]`, () => undefined);

describe.skipIf(unavailable !== undefined)("minimal guest", () => {
  let guest: Guest;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ guest, stop } = await startGuest("minimal", { cold: true }));
  });
  afterAll(() => stop?.());

  test("runs a Debian cloud kernel", async () => {
    expect(await guest.output(["uname", "--kernel-release"])).toMatch(/^\d+\.\d+\.\d+.*-cloud-amd64$/);
  });

  test("has pure cgroup v2 with every controller delegated to the commands", async () => {
    expect(await guest.output(["stat", "-f", "-c", "%T", "/sys/fs/cgroup"])).toBe("cgroup2fs");
    expect(await guest.output(["grep", "-c", "cgroup", "/proc/mounts"])).toBe("1");
    for (const file of ["cgroup.controllers", "cgroup.subtree_control", "commands/cgroup.subtree_control"]) {
      expect(await guest.output(["cat", `/sys/fs/cgroup/${file}`])).toBe(controllers);
    }
  });

  test("has overlay, loop, bridge, veth and BFQ in the kernel", async () => {
    for (const module of ["overlay", "loop", "bridge", "veth", "bfq"]) {
      expect((await guest.run(["test", "-d", `/sys/module/${module}`])).exitCode).toBe(0);
    }
  });

  test.each([
    [["true"], 0],
    [["false"], 1],
    [["sh", "-c", "exit 255"], 255],
    [["sh", "-c", "kill -TERM $$"], 128 + 15],
    [["sh", "-c", "kill -KILL $$"], 128 + 9],
  ])("exit code of %j is %d", async (argv, expected) => {
    expect((await guest.run(argv)).exitCode).toBe(expected);
  });

  test.each([
    ["no-such-program", {}, "execute: NOENT"],
    ["/etc/passwd", {}, "execute: ACCES"],
    ["true", { cwd: "/no/such/directory" }, "chdir: NOENT"],
  ])("%s with %j cannot be started", async (program, options, message) => {
    await expect(guest.run([program], options)).rejects.toThrow(message);
  });

  test("keeps arguments, environment, input and output apart and whole", async () => {
    const script = 'printf "%s|" "$@"; printf %s "$GREETING" >&2; cat';
    const options = { env: { GREETING: "grüß\n" }, stdin: "in\nput", cwd: "/tmp" };
    const result = await guest.run(["sh", "-c", script, "sh", "a b", "", "ü"], options);
    expect(result).toEqual({ exitCode: 0, stdout: "a b||ü|in\nput", stderr: "grüß\n" });
  });

  test("delivers large output completely", async () => {
    const count = 8 << 20;
    const { stdout } = await guest.run(["sh", "-c", `head -c ${count} /dev/zero | tr '\\0' x`]);
    expect(stdout.length).toBe(count);
  });

  test("streams output while the command still runs", async () => {
    const { promise: first, resolve } = Promise.withResolvers<string>();
    const directory = await guest.output(["mktemp", "-d"]);
    const script = `echo first; until test -e ${directory}/go; do sleep 0.05; done; echo second`;
    const ended = guest.run(["sh", "-c", script], {
      onStdout: (chunk) => resolve(Buffer.from(chunk).toString()),
    });
    expect(await first).toBe("first\n");
    await guest.output(["touch", `${directory}/go`]);
    expect((await ended).stdout).toBe("first\nsecond\n");
  });

  test("runs commands side by side", async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const results = await Promise.all(
      numbers.map((code) => guest.run(["sh", "-c", `sleep 0.1; exit ${code}`])),
    );
    expect(results.map((result) => result.exitCode)).toEqual(numbers);
  });

  test("a hung command times out, with its descendants and the output so far", async () => {
    const script = "echo started; setsid sleep 4242 & sleep 4242";
    const error = await guest.run(["sh", "-c", script], { timeoutMs: 2000 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(GuestTimeoutError);
    expect((error as GuestTimeoutError).result.stdout).toBe("started\n");
    await guest.output(["sh", "-c", "while pgrep -x sleep; do :; done"]);
  });

  test("commands leave no cgroup and no zombie behind", async () => {
    // The waiting command's own cgroup is there while it runs; what was killed may still be on its way out.
    const others = '[ "$(ls -d /sys/fs/cgroup/commands/*/ | wc -l)" -gt 1 ] || ps -eo stat= | grep -q ^Z';
    await guest.output(["sh", "-c", `while ${others}; do sleep 0.1; done`]);
  });

  test("the distribution's runc runs a container with limits", async () => {
    const { exitCode, stdout, stderr } = await guest.run(["sh", "-c", runcScript]);
    expect({ exitCode, stderr, stdout }).toEqual({ exitCode: 0, stderr: "", stdout: "67108864\n5\n" });
  });
});

/** A container whose busybox prints the limits that its cgroup has. */
const runcScript = `
set -e
cd "$(mktemp -d)"
mkdir -p rootfs/bin
cp /bin/busybox rootfs/bin/
ln -s busybox rootfs/bin/sh
runc spec
sed -i 's/"terminal": true/"terminal": false/; s/"resources": {/"resources": {"memory": {"limit": 67108864}, "pids": {"limit": 5},/' config.json
sed -i 's|^\\t*"sh"$|"sh", "-c", "cd /sys/fs/cgroup; busybox cat memory.max pids.max"|' config.json
runc run "limits-$$"
`;

describe.skipIf(unavailable !== undefined)(
  "minimal guest with unstable's kernel and a shared directory",
  () => {
    test("continues a saved machine at the present time with the directory in it", async () => {
      await withGuest(
        "minimal",
        async (guest) => {
          expect(await guest.output(["test", "-f", "/project/guest.ts"])).toBe("");
          expect(await guest.output(["sh", "-c", "pwd; touch new && ls new"])).toBe("/project\nnew");
          const seconds = Number(await guest.output(["date", "+%s"]));
          expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
          const [major = 0] = (await guest.output(["uname", "--kernel-release"])).split(".").map(Number);
          expect(major).toBeGreaterThanOrEqual(7);
        },
        { kernel: "sid", share: import.meta.dir },
      );
      expect(existsSync(join(import.meta.dir, "new"))).toBe(false);
    });
  },
);

describe.skipIf(unavailable !== undefined)("a machine that ends by itself", () => {
  test("is replaced once, and says how it ended", async () => {
    const messages = spyOn(console, "error").mockImplementation(() => undefined);
    const ends: Promise<unknown>[] = [];
    const used = withGuest("minimal", async (guest) => {
      if (ends.length === 0) process.kill(guest.qemuPid, "SIGSEGV");
      const end = guest.run(["sh", "-c", "echo c >/proc/sysrq-trigger; sleep 60"]);
      ends.push(end);
      await end;
    });
    try {
      await expect(used).rejects.toThrow(
        /QEMU ended with exit code 0[\s\S]*Kernel panic - not syncing: sysrq/,
      );
      expect(ends).toHaveLength(2);
      expect(messages.mock.calls.join("\n")).toContain("the guest is gone: QEMU ended by SIGSEGV");
    } finally {
      messages.mockRestore();
    }
  });
});

describe.skipIf(unavailable !== undefined)("systemd guest", () => {
  let guest: Guest;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ guest, stop } = await startGuest("systemd"));
  });
  afterAll(() => stop?.());

  test("systemd is pid 1 and content", async () => {
    expect(await guest.output(["cat", "/proc/1/comm"])).toBe("systemd");
    expect(await guest.output(["systemctl", "is-system-running"])).toBe("running");
  });

  test("root starts scopes over the system bus", async () => {
    const scope = await guest.output(["systemd-run", "--scope", "--quiet", "cat", "/proc/self/cgroup"]);
    expect(scope).toMatch(/^0::\/system\.slice\/run-.*\.scope$/);
  });

  test("the ordinary user has a session with a bus and delegated controllers", async () => {
    const session = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-";
    expect(await guest.output(["cat", "/proc/self/cgroup"], { user: true })).toStartWith(session);
    const script = "id -un; cat /sys/fs/cgroup$(cut -c4- /proc/self/cgroup)/cgroup.controllers";
    expect(await guest.output(["sh", "-c", script], { user: true })).toBe(
      "tester\ncpuset cpu io memory pids",
    );
    expect(await guest.output(["busctl", "--user", "status"], { user: true })).toContain("UID=1000");
    const map = await guest.output(
      ["unshare", "--map-root-user", "--map-auto", "cat", "/proc/self/uid_map"],
      {
        user: true,
      },
    );
    expect(map.split("\n").map((line) => line.trim().split(/ +/))).toEqual([
      ["0", "1000", "1"],
      ["1", "100000", "65536"],
    ]);
  });
});

describe.skipIf(unavailable !== undefined)("clients guest", () => {
  test("Docker, containerd and Podman run a container with the distribution's runtime", async () => {
    await withGuest("clients", async (guest) => {
      expect(await guest.output(["sh", "-c", clientsScript])).toBe(
        "docker\ncontainerd\npodman root\npodman rootless",
      );
    });
  });
});

/** One local image in each client, without any registry, and one container of it. */
const clientsScript = `
exec 2>&1
set -e
cd "$(mktemp -d)"
chmod 755 .
mkdir -p root/bin
cp /bin/busybox root/bin/
ln -s busybox root/bin/echo
tar -C root -c . >root.tar
docker import root.tar local/busybox:latest >/dev/null
docker run --rm local/busybox echo docker
docker save local/busybox:latest | ctr images import --no-unpack - >/dev/null
ctr images unpack docker.io/local/busybox:latest >/dev/null 2>&1 || :
ctr run --rm docker.io/local/busybox:latest one echo containerd
podman import --quiet root.tar local/busybox:latest >/dev/null
podman run --rm --network none local/busybox echo podman root
setpriv --reuid 1000 --regid 1000 --init-groups env HOME=/home/tester XDG_RUNTIME_DIR=/run/user/1000 \\
  DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus systemd-run --user --scope --quiet sh -ec '
  cd /
  podman import --quiet "$0/root.tar" local/busybox:latest >/dev/null
  podman run --rm --network none local/busybox echo podman rootless' "$PWD"
`;

describe.skipIf(unavailable !== undefined)("nothing stays behind", () => {
  const scratch = unavailable === undefined ? mkdtempSync(join(tmpdir(), "vm-test-")) : "";
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** A guest in a process of its own, with TMPDIR to itself; resolves when its command has started. */
  async function startElsewhere() {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "guest.ts"), "run", "--", "sh", "-c", "echo up; sleep 4242"],
      { env: { ...process.env, TMPDIR: scratch }, stdio: ["ignore", "pipe", "inherit"] },
    );
    const { value } = await child.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("up\n");
    const qemu = qemuOf(child.pid);
    expect(qemu).toBeGreaterThan(0);
    expect(readdirSync(scratch)).toHaveLength(1);
    return { child, qemu };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("after %s", async (signal, exitCode) => {
    const { child, qemu } = await startElsewhere();
    child.kill(signal);
    expect(await child.exited).toBe(exitCode);
    await untilGone(qemu);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("after SIGKILL QEMU ends at once, and the next guest removes the files", async () => {
    const { child, qemu } = await startElsewhere();
    child.kill("SIGKILL");
    await child.exited;
    await untilGone(qemu);
    const next = await startElsewhere();
    next.child.kill("SIGTERM");
    await next.child.exited;
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("after the command has ended", async () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "guest.ts"), "run", "--", "sh", "-c", "exit 42"],
      {
        env: { ...process.env, TMPDIR: scratch },
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    expect(await child.exited).toBe(42);
    expect(readdirSync(scratch)).toEqual([]);
  });
});

function qemuOf(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  return Number(children.find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("qemu-system")));
}

async function untilGone(pid: number): Promise<void> {
  for (let turn = 0; existsSync(`/proc/${pid}`); turn++) {
    if (turn === 200) throw new Error(`process ${pid} is still there`);
    await Bun.sleep(50);
  }
}
