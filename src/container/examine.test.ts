import { expect, test } from "bun:test";
import { defaultSpec } from "../oci/default-spec.ts";
import { type DocumentKind, findingsOf } from "./examine.ts";

interface Case {
  kind?: DocumentKind;
  text: string;
  /** "line:column path". */
  errors?: string[];
  warnings?: string[];
}

const process = '"process":{"args":["a"],"cwd":"/"}';
const namespaces = '"namespaces":[{"type":"mount"}]';

const cases: Case[] = [
  { text: JSON.stringify(defaultSpec({ cgroupV2: true }), null, 2) },
  { text: JSON.stringify(defaultSpec({ cgroupV2: true, rootless: { uid: 1000, gid: 1000 } }), null, 2) },
  { text: '{"a":1,}', errors: ["1:7 "] },
  { text: "", errors: ["1:1 "] },
  {
    text: '{"ociVersion":"1.0.0",\n"root":{"path":""},"process":{"args":[],\n "cwd":"a","user":{"uid":-1}}}',
    errors: ["2:16 root.path", "2:38 process.args", "3:8 process.cwd", "3:26 process.user.uid"],
  },
  // One namespace that is none does not hide what is wrong with a mount.
  {
    text: `{"ociVersion":"1.0.0","root":{"path":"r"},${process},\n"mounts":[{"destination":"/a","type":"bind"}],\n"linux":{"namespaces":[{"type":"x"}]}}`,
    errors: ["2:11 mounts[0].source", "3:32 linux.namespaces[0].type"],
  },
  // What only the later steps of create see.
  {
    text: `{"ociVersion":"1.0.0","root":{"path":"r"},${process},"linux":{${namespaces},\n"resources":{"unified":{"a/b":"1"}}}}`,
    errors: ['2:31 linux.resources.unified["a/b"]'],
  },
  {
    text: `{"ociVersion":"1.0.0","root":{"path":"r"},"Process":{"args":["a"],"cwd":"/","argz":1,"capabilities":{"bounding":["CAP_X"]}},"linux":{${namespaces}}}`,
    warnings: ["1:53 Process", "1:84 process.argz", "1:114 process.capabilities.bounding[0]"],
  },
  {
    kind: "process",
    text: '{"args":["a"],"cwd":"/","capabilities":{"bounding":["CAP_X"]}}',
    warnings: ["1:53 capabilities.bounding[0]"],
  },
  { kind: "process", text: '{"args":["a"]}', errors: ["1:1 cwd"] },
  { kind: "resources", text: '{"memory":{"limit":"a"}}', errors: ["1:20 memory.limit"] },
  { kind: "resources", text: '{"unified":{"a/b":"1"}}', errors: ['1:19 unified["a/b"]'] },
  { kind: "seccomp", text: '{"defaultAction":"x"}', errors: ["1:18 defaultAction"] },
  {
    kind: "seccomp",
    text: '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64",\n"SCMP_ARCH_SH"],"syscalls":[{"names":["read"],"action":"SCMP_ACT_KILL"}]}',
    errors: ["2:1 architectures[1]"],
  },
];

test.each(cases)("$kind $text", ({ kind = "config", text, errors = [], warnings = [] }) => {
  const findings = findingsOf(kind, "file", text);
  const places = (list: typeof findings.errors) =>
    list.map((each) => `${each.line}:${each.column} ${each.path}`);
  expect({ errors: places(findings.errors), warnings: places(findings.warnings) }).toEqual({
    errors,
    warnings,
  });
  for (const { text: sentence } of [...findings.errors, ...findings.warnings]) expect(sentence).not.toBe("");
});
