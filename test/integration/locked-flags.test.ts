/**
 * Bind mounts of mounts with flags. In a user namespace the kernel locks those flags (mount_namespaces(7)): they are kept
 * unless the options name them, and an option that would clear one is refused.
 */
import { expect } from "bun:test";
import {
  bindOf,
  expectRefusal,
  inUserNamespace,
  mountWith,
  shownAt,
  strict,
  withMounts,
} from "../harness/flagged-mounts.ts";
import { mountAt } from "../harness/mountinfo.ts";
import { buncOnly, root, userNamespaces } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const mountinfo = "read:/proc/self/mountinfo";

interface Expectation {
  /** The options in mountinfo, sorted; undefined if refused. */
  shown: string | undefined;
  /** The message of the refusal. */
  said?: string;
}

interface Case {
  source: string;
  options: string;
  host: string;
  user: Expectation;
}

const kept = (shown: string): Expectation => ({ shown });
const refused = (said: string): Expectation => ({ shown: undefined, said });

const cases: Case[] = [
  {
    source: "ro,nosuid,nodev,noexec",
    options: "bind",
    host: "nodev,noexec,nosuid,relatime,ro",
    user: kept("nodev,noexec,nosuid,relatime,ro"),
  },
  {
    source: "ro,nosuid,nodev,noexec",
    options: "bind,nosuid",
    host: "nosuid,relatime,rw",
    user: kept("nodev,noexec,nosuid,relatime,ro"),
  },
  {
    source: "ro,noexec,nosymfollow",
    options: "bind",
    host: "noexec,nosymfollow,relatime,ro",
    user: kept("noexec,nosymfollow,relatime,ro"),
  },
  {
    source: "ro,noexec,nosymfollow,nodiratime",
    options: "bind,dev",
    host: "nodiratime,relatime,rw",
    user: kept("nodiratime,noexec,relatime,ro"),
  },
  {
    source: "ro",
    options: "bind,rw,nosuid",
    host: "nosuid,relatime,rw",
    user: refused("rw would replace ro"),
  },
  { source: "nosuid", options: "bind,suid", host: "relatime,rw", user: refused("suid would replace nosuid") },
  { source: "nodev", options: "bind,dev", host: "relatime,rw", user: refused("dev would replace nodev") },
  { source: "noexec", options: "bind,exec", host: "relatime,rw", user: refused("exec would replace noexec") },
  {
    source: "ro,nosuid",
    options: "bind,suid,rw",
    host: "relatime,rw",
    user: refused("rw would replace ro, suid would replace nosuid"),
  },
  { source: "nodev", options: "bind,rw,exec,suid", host: "relatime,rw", user: kept("nodev,relatime,rw") },
  {
    source: "nodev,nosymfollow",
    options: "bind,ro,symfollow",
    host: "relatime,ro",
    user: kept("nodev,relatime,ro"),
  },
  {
    source: "nodev,nosuid",
    options: "bind,ro,exec",
    host: "relatime,ro",
    user: kept("nodev,nosuid,relatime,ro"),
  },
  { source: "noatime", options: "bind,norelatime", host: "noatime,rw", user: kept("noatime,rw") },
  { source: "noatime", options: "bind,atime", host: "noatime,rw", user: kept("noatime,rw") },
  {
    source: "nodiratime",
    options: "bind,diratime",
    host: "nodiratime,relatime,rw",
    user: kept("nodiratime,relatime,rw"),
  },
  {
    source: "noatime,nodiratime",
    options: "bind,noatime,nodiratime",
    host: "noatime,nodiratime,rw",
    user: kept("noatime,nodiratime,rw"),
  },
  {
    source: "noatime",
    options: "bind,relatime",
    host: "relatime,rw",
    user: refused("relatime would replace noatime"),
  },
  {
    source: "relatime",
    options: "bind,noatime",
    host: "noatime,rw",
    user: refused("noatime would replace relatime"),
  },
  {
    source: "noatime",
    options: "bind,strictatime",
    host: "rw",
    user: refused("strictatime would replace noatime"),
  },
  {
    source: "strictatime",
    options: "bind,relatime",
    host: "relatime,rw",
    user: refused("relatime would replace strictatime"),
  },
  {
    source: "relatime",
    options: "bind,nodiratime",
    host: "nodiratime,relatime,rw",
    user: refused("nodiratime would replace diratime"),
  },
  {
    source: "noatime",
    options: "bind,nodiratime",
    host: "nodiratime,relatime,rw",
    user: refused("nodiratime would replace diratime, relatime would replace noatime"),
  },
  {
    source: "nodiratime",
    options: "bind,strictatime",
    host: "rw",
    user: refused("diratime would replace nodiratime, strictatime would replace relatime"),
  },
  {
    source: "noatime,nodiratime",
    options: "bind,noatime",
    host: "noatime,rw",
    user: refused("diratime would replace nodiratime"),
  },
  { source: "strictatime,nosuid", options: "bind,nosuid", host: "nosuid,rw", user: kept("nosuid,rw") },
];

/** runc changes strictatime to relatime, as mount(2) does without an access time option. */
const strictatimeStays = (each: Case) =>
  each.options === "bind,nosuid" && each.source.startsWith("strictatime") ? [buncOnly] : [];

for (const each of cases) {
  const { source: flags, options, host, user } = each;
  scenario(
    `a source with ${flags}, options ${options}: without a user namespace`,
    [root, strict, ...strictatimeStays(each)],
    async (box) => {
      const source = box.path("source");
      mountWith(source, flags);
      await withMounts([source], async () => {
        const { mounts } = await box.report([mountinfo], bindOf(source, options));
        expect(mountAt(mounts, "/mnt")?.options.sort().join()).toBe(host);
      });
    },
  );
  scenario(
    `a source with ${flags}, options ${options}: in a user namespace`,
    [root, userNamespaces, strict],
    async (box) => {
      const source = box.path("source");
      mountWith(source, flags);
      await withMounts([source], async () => {
        const result = await box.run(inUserNamespace(box, [mountinfo], bindOf(source, options)));
        expect([user.shown === undefined, result.stderr]).toEqual([result.status !== 0, expect.any(String)]);
        if (user.shown === undefined) expectRefusal(box, result.stderr, source, user.said);
        else expect(shownAt(result.stdout, "/mnt")).toBe(user.shown);
      });
    },
  );
}
