import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { canRun } from "../evaluate.ts";
import { findEngineConfiguration } from "./engine.ts";
import type { Engine, EngineFacts } from "./facts.ts";

const OWN = "/usr/local/bin/bunc";
const RUNC = "/usr/sbin/runc";

const facts = (files: Record<string, string>, changes: Partial<EngineFacts> = {}): EngineFacts => ({
  own: OWN,
  files: new Map(Object.entries(files)),
  unreadable: [],
  place: "/etc/place",
  resolve: (path) => ([OWN, RUNC].includes(path) ? path : ""),
  onPath: (program) => (program === "runc" ? RUNC : `/usr/bin/${program}`),
  systemd: true,
  ...changes,
});

function verdicts(engine: Engine, given: EngineFacts) {
  const findings = findEngineConfiguration(engine, given);
  for (const { name, verdict, without, fix } of findings) {
    expect([name, without === "", fix === ""]).toEqual([name, verdict === "ok", verdict === "ok"]);
  }
  return {
    ok: canRun(findings),
    of: Object.fromEntries(findings.map(({ name, verdict }) => [name, verdict])),
  };
}

const installation = readFileSync(`${import.meta.dir}/../../../docs/INSTALL.md`, "utf8");
const snippet = (name: string) =>
  new RegExp(`<!-- snippet: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(installation)?.[1] as string;

test.each(["docker", "containerd", "podman"] as const)(
  "%s: what docs/INSTALL.md says leaves nothing to say",
  (engine) => {
    const { ok, of } = verdicts(engine, facts({ "/etc/file": snippet(engine) }));
    expect([ok, ...Object.values(of).filter((verdict) => verdict !== "ok")]).toEqual([true]);
  },
);

test.each(["docker", "containerd", "podman"] as const)("%s without configuration runs others", (engine) => {
  const { ok, of } = verdicts(engine, facts({}));
  expect([ok, of["runtime"], of["default runtime"]]).toEqual([false, "missing", "limited"]);
});

test.each(["docker", "containerd"] as const)("%s: bunc that is called runc is found", (engine) => {
  const renamed = facts({}, { resolve: (path) => (path === RUNC ? OWN : "") });
  expect(verdicts(engine, renamed)).toMatchObject({
    ok: true,
    of: { runtime: "ok", "default runtime": "ok" },
  });
});

test.each([
  ["docker", '{"runtimes":{},}'],
  ["containerd", "version = = 3"],
  ["podman", "[engine"],
] as const)("%s: a file that cannot be read is named", (engine, text) => {
  expect(verdicts(engine, facts({ "/etc/file": text })).of["/etc/file"]).toBe("missing");
});

test("a file that may not be read is named", () => {
  expect(verdicts("docker", facts({}, { unreadable: ["/etc/file"] })).of["/etc/file"]).toBe("limited");
});

test("members of other types than they should have are as if they were not there", () => {
  expect(verdicts("docker", facts({ "/f": '{"runtimes":[],"default-runtime":7}' })).ok).toBe(false);
  expect(verdicts("podman", facts({ "/f": "engine = 1" })).ok).toBe(false);
  expect(verdicts("containerd", facts({ "/f": 'version = 3\nplugins = "x"' })).ok).toBe(false);
});

test("Docker: a path where bunc is not", () => {
  const configuration = '{"runtimes":{"bunc":{"path":"/opt/bunc"}}}';
  expect(verdicts("docker", facts({ "/f": configuration })).of["runtime bunc"]).toBe("missing");
});

test("containerd: the plugin is that of the file's version, the shim runc's, systemd there", () => {
  const section = (plugin: string, type: string) =>
    `[plugins.'${plugin}'.containerd.runtimes.bunc]\nruntime_type = '${type}'\n[plugins.'${plugin}'.containerd.runtimes.bunc.options]\nBinaryName = '${OWN}'\nSystemdCgroup = true\n`;
  const [old, today] = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"] as const;
  const shim = "io.containerd.runc.v2";
  expect(verdicts("containerd", facts({ "/f": `version = 2\n${section(old, shim)}` })).ok).toBe(true);
  expect(verdicts("containerd", facts({ "/f": `version = 3\n${section(old, shim)}` })).ok).toBe(false);
  expect(verdicts("containerd", facts({ "/f": `version = 3\n${section(today, "x")}` })).ok).toBe(false);
  const noSystemd = facts({ "/f": `version = 3\n${section(today, shim)}` }, { systemd: false });
  expect(verdicts("containerd", noSystemd).of["runtime bunc: SystemdCgroup"]).toBe("missing");
});

test("podman: a later file changes an earlier one, a runtime may be a path", () => {
  const files = {
    "/usr/share/c.conf": `[engine]\nruntime = "crun"\n[engine.runtimes]\nbunc = ["/not/there", "${OWN}"]`,
    "/etc/c.conf": `[engine]\nruntime = "${OWN}"\nruntime_supports_json = ["crun"]`,
  };
  expect(verdicts("podman", facts(files))).toMatchObject({
    ok: true,
    of: { runtime: "ok", "default runtime": "ok", runtime_supports_json: "limited" },
  });
});
