import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { Report } from "../harness/probe.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

scenario("the container has descriptors 0, 1, 2 and no other", [root], async (box) => {
  const { self } = await box.report(["self"]);
  expect(self.fds.map(({ fd }) => fd)).toEqual([0, 1, 2]);
});

scenario("descriptors of the caller do not reach the container", [root], async (box) => {
  const wrapper = ["bash", "-c", 'exec 7</etc/passwd 40</etc/passwd 200</etc; exec "$@"', "sh"];
  const bundle = box.probe(["self"]);
  const { self } = await box.reportOf(bundle, [], { wrapper });
  expect(self.fds.map(({ fd }) => fd)).toEqual([0, 1, 2]);
});

for (const verb of ["create", "run"]) {
  scenario(`${verb} --preserve-fds passes that many after standard error`, [root], async (box) => {
    writeFileSync(box.path("three"), "third");
    writeFileSync(box.path("four"), "fourth");
    const script = `exec 3<${box.path("three")} 4<${box.path("four")} 5</etc/passwd; exec "$@"`;
    const wrapper = ["bash", "-c", script, "sh"];
    const bundle = box.probe(["self", "read-fd:3", "read-fd:4"]);
    const id = box.id();
    const args = [verb, "--preserve-fds", "2", "--bundle", bundle.directory, id];
    let output: string;
    if (verb === "run") output = (await box.must(args, { wrapper })).stdout;
    else {
      await box.must(args, { wrapper });
      await box.must(["start", id]);
      await box.waitFor(id, "stopped");
      output = readFileSync(box.path("call-0.stdout"), "utf8");
    }
    const report = new Report(output);
    expect(report.get("read-fd:3").data).toBe("third");
    expect(report.get("read-fd:4").data).toBe("fourth");
    expect(report.self.fds.map(({ fd }) => fd)).toEqual([0, 1, 2, 3, 4]);
  });
}

scenario("exec --preserve-fds", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  writeFileSync(box.path("three"), "third");
  const wrapper = ["bash", "-c", `exec 3<${box.path("three")}; exec "$@"`, "sh"];
  const result = await box.must(["exec", "--preserve-fds", "1", id, "/probe", "read-fd:3", "self"], {
    wrapper,
  });
  const report = new Report(result.stdout);
  expect(report.get("read-fd:3").data).toBe("third");
  expect(report.self.fds.map(({ fd }) => fd)).toEqual([0, 1, 2, 3]);
});

scenario("LISTEN_FDS: sockets and variables of socket activation", [root], async (box) => {
  writeFileSync(box.path("three"), "third");
  const wrapper = ["bash", "-c", `exec 3<${box.path("three")}; export LISTEN_PID=$$; exec "$@"`, "sh"];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LISTEN_FDS: "1", LISTEN_FDNAMES: "web" };
  const bundle = box.probe(["self", "read-fd:3"]);
  const report = await box.reportOf(bundle, [], { wrapper, env });
  expect(report.get("read-fd:3").data).toBe("third");
  expect(report.self.env).toContain("LISTEN_FDS=1");
  expect(report.self.env).toContain("LISTEN_PID=1");
});

scenario("standard input, output and error of run pass through", [root], async (box) => {
  const bundle = box.probe(["say:to stderr", "echo"]);
  const result = await box.run(bundle, [], { stdin: "through" });
  expect(result).toMatchObject({ status: 0, stderr: "to stderr\n" });
  expect(result.stdout).toStartWith("through");
});

scenario("a large amount of data passes through unchanged", [root], async (box) => {
  const text = "0123456789abcdef".repeat(65536);
  const result = await box.run(box.probe(["echo"]), [], { stdin: text });
  expect(result.stdout.slice(0, text.length) === text).toBe(true);
});

scenario("the standard streams of create are the container's", [root], async (box) => {
  const id = await box.create(box.probe(["say:hello from the container", "sleep"]));
  await box.must(["start", id]);
  const { pid } = await box.state(id);
  expect(readlinkSync(`/proc/${pid}/fd/2`)).toContain("call-0.stderr");
});

scenario("closed standard streams of the caller give no access", [root], async (box) => {
  const wrapper = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "sh"];
  const bundle = box.probe(["out:/report", "self"], (config) => {
    config.root.readonly = false;
  });
  await box.run(bundle, [], { wrapper });
  const report = new Report(readFileSync(`${bundle.rootfs}/report`, "utf8"));
  for (const { target } of report.self.fds)
    expect(target).not.toMatch(/state|memfd|anon_inode|cgroup|socket/);
});

scenario("state, list, version write nothing on standard error", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  for (const args of [["state", id], ["list"], ["--version"]]) {
    expect((await box.must(args)).stderr).toBe("");
  }
});

scenario(
  "the waiting init has no descriptor of the host except its streams",
  [root, buncOnly],
  async (box) => {
    const id = await box.create(box.probe(["sleep"]));
    const { pid } = await box.state(id);
    const identity = (path: string) => `${statSync(path).dev}:${statSync(path).ino}`;
    const host = ["/", "/proc", "/sys", "/sys/fs/cgroup", box.directory, box.root, `${box.root}/${id}`].map(
      identity,
    );
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${fd}`;
      if (Number(fd) > 2)
        expect([readlinkSync(path), host.includes(identity(path))]).toEqual([readlinkSync(path), false]);
    }
  },
);
