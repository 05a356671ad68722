import { describe, expect, test } from "bun:test";
import { RuntimeError } from "../../failure/errors.ts";
import { ERRNO } from "../../native/boundary.gen.ts";
import { useCore } from "../../native/fake-core.ts";
import { Bus } from "./bus.ts";
import { Systemd } from "./driver.ts";
import { FakeBus, type FakeMethods } from "./fake-bus.ts";

function connect(
  methods: FakeMethods = {},
  options: { chunk?: number; direct?: boolean; rootless?: boolean } = {},
) {
  const fake = new FakeBus(methods, options.chunk ?? 4096);
  const bus = new Bus(fake, { direct: options.direct ?? false, now: () => fake.time });
  return { fake, systemd: new Systemd(bus, options.rootless ?? false) };
}

const properties = [{ name: "Delegate", signature: "b", value: true }];

describe("startUnit", () => {
  test("one connection, one match, one call", () => {
    const { fake, systemd } = connect();
    systemd.startUnit("a.scope", properties);
    systemd.startUnit("b.scope", properties);
    expect(fake.members).toEqual(["Hello", "AddMatch", "StartTransientUnit", "StartTransientUnit"]);
    expect(fake.bodies[2]).toEqual([
      "a.scope",
      "replace",
      [["Delegate", { signature: "b", value: true }]],
      [],
    ]);
  });

  test("a direct connection to systemd has no Hello and no match", () => {
    const { fake, systemd } = connect({}, { direct: true });
    systemd.startUnit("a.scope", properties);
    expect(fake.members).toEqual(["StartTransientUnit"]);
  });

  test("answers that come byte by byte", () => {
    const { fake, systemd } = connect({}, { chunk: 1 });
    systemd.startUnit("a.scope", properties);
    expect(fake.members.at(-1)).toBe("StartTransientUnit");
  });

  test("the end of the job told before the answer", () => {
    const { systemd } = connect({ StartTransientUnit: () => ({ result: "done", early: true }) });
    expect(() => systemd.startUnit("a.scope", properties)).not.toThrow();
  });

  test("a failed unit in the way is reset, once", () => {
    let attempts = 0;
    const exists = { error: "org.freedesktop.systemd1.UnitExists" };
    const { fake, systemd } = connect({
      StartTransientUnit: () => (attempts++ === 0 ? exists : { result: "done" }),
    });
    systemd.startUnit("a.scope", properties);
    expect(fake.members.slice(2)).toEqual(["StartTransientUnit", "ResetFailedUnit", "StartTransientUnit"]);

    const stubborn = connect({ StartTransientUnit: () => exists });
    expect(() => stubborn.systemd.startUnit("a.scope", properties)).toThrow(
      'unable to start unit "a.scope": refused: StartTransientUnit',
    );
  });

  test("a job that fails", () => {
    const { fake, systemd } = connect({ StartTransientUnit: () => ({ result: "failed" }) });
    expect(() => systemd.startUnit("a.scope", properties)).toThrow(
      "error creating systemd unit `a.scope`: got `failed`",
    );
    expect(fake.members.at(-1)).toBe("ResetFailedUnit");
  });

  test("a job that does not end: the error names unit and job", () => {
    const { fake, systemd } = connect({ StartTransientUnit: () => ({ result: null }) });
    expect(() => systemd.startUnit("a.scope", properties)).toThrow(
      'unable to start unit "a.scope": Timeout waiting for systemd to create a.scope',
    );
    expect(fake.time).toBeGreaterThanOrEqual(30_000);
    expect(fake.time).toBeLessThan(60_000);
  });

  test("a stranger's signal is not the end of our job", () => {
    const job = "/org/freedesktop/systemd1/job/1";
    const { fake, systemd } = connect({ StartTransientUnit: () => ({ result: null }) });
    fake.signal(job, "a.scope", "done", ":1.66");
    expect(() => systemd.startUnit("a.scope", properties)).toThrow("Timeout waiting for systemd");
  });

  test("a bus that hangs up", () => {
    const { fake, systemd } = connect({
      StartTransientUnit: () => {
        fake.closed = true;
        return { result: null };
      },
    });
    expect(() => systemd.startUnit("a.scope", properties)).toThrow("the bus closed the connection");
  });
});

describe("stopUnit", () => {
  test.each([
    ["runs", {}],
    ["is not there", { StopUnit: () => ({ error: "org.freedesktop.systemd1.NoSuchUnit" }) }],
    ["fails to stop", { StopUnit: () => ({ result: "failed" }) }],
    ["has not failed before", { ResetFailedUnit: () => ({ error: "org.freedesktop.systemd1.NoSuchUnit" }) }],
  ] as [string, FakeMethods][])("a unit that %s", (_name, methods) => {
    const { fake, systemd } = connect(methods);
    systemd.stopUnit("a.scope");
    expect(fake.members.slice(2)).toEqual(["StopUnit", "ResetFailedUnit"]);
  });

  test("in time", () => {
    const { systemd } = connect({ StopUnit: () => ({ result: null }) });
    expect(() => systemd.stopUnit("a.scope")).toThrow("Timeout waiting for systemd to remove a.scope");
  });
});

test("setProperties is for the time the unit runs", () => {
  const { fake, systemd } = connect();
  systemd.setProperties("a.scope", [{ name: "TasksMax", signature: "t", value: 5n }]);
  expect(fake.bodies.at(-1)).toEqual(["a.scope", true, [["TasksMax", { signature: "t", value: 5n }]]]);
  const refusing = connect({
    SetUnitProperties: () => ({ error: "org.freedesktop.DBus.Error.AccessDenied" }),
  });
  expect(() => refusing.systemd.setProperties("a.scope", [])).toThrow(
    "unable to set unit properties: refused",
  );
});

describe("attach", () => {
  test.each([
    ["", "/"],
    ["a/b", "/a/b"],
    ["/a", "/a"],
  ])("%j", (sub, path) => {
    const { fake, systemd } = connect();
    systemd.attach("a.scope", sub, [7]);
    expect(fake.bodies.at(-1)).toEqual(["a.scope", path, [7]]);
  });
  test.each(["..", "a/../b", "a//b", "a/", "./a"])("%j is refused", (sub) => {
    expect(() => connect().systemd.attach("a.scope", sub, [7])).toThrow(`bad sub cgroup path: ${sub}`);
  });
});

test("where the cgroup is", () => {
  const unit = { unit: "runc-a.scope", slice: "user-1000.slice", name: "a" };
  expect(connect().systemd.cgroupOf(unit)).toBe("/user.slice/user-1000.slice/runc-a.scope");
  const { fake, systemd } = connect({}, { rootless: true });
  expect(systemd.cgroupOf({ ...unit, slice: "user.slice" })).toBe(
    "/user.slice/user-7.slice/user@7.service/user.slice/runc-a.scope",
  );
  systemd.cgroupOf(unit);
  expect(fake.members).toEqual(["Hello", "Get"]);
});

test.each([
  ["255.4-1", 255],
  ["v245.4-1.fc32", 245],
  ["257~rc1", 257],
  ["", 0],
])("version %j", (text, expected) => {
  const { systemd } = connect({ Get: () => ({ signature: "v", body: [{ signature: "s", value: text }] }) });
  expect(systemd.version()).toBe(expected);
});

test("a bus that refuses us", () => {
  const stream = {
    write() {},
    read: () => new TextEncoder().encode("REJECTED EXTERNAL\r\n"),
    close() {},
  };
  expect(() => new Bus(stream, { direct: false })).toThrow(
    "the bus refused to authenticate us: REJECTED EXTERNAL",
  );
});

describe("a bus that cannot be reached", () => {
  const hintOf = (errno: number | undefined, rootless: boolean) => {
    useCore({
      bus_connect() {
        throw new RuntimeError("connect", { step: "connect", errno });
      },
      resolve_path: () => ({ path: "/run/systemd/system", directory: true }),
    });
    const variables = { XDG_RUNTIME_DIR: "/run/user/1" };
    try {
      Systemd.connect({ rootless, euid: rootless ? 1 : 0, variables });
    } catch (error) {
      return (error as RuntimeError).hint;
    }
    throw new Error("connected");
  };

  test.each([ERRNO.NOENT, ERRNO.CONNREFUSED])("errno %i: nobody listens there", (errno) => {
    expect(hintOf(errno, false)).toStartWith("dbus is not running");
    expect(hintOf(errno, true)).toContain("loginctl enable-linger");
  });

  test.each([ERRNO.ACCES, ERRNO.MFILE, undefined])(
    "errno %p: for another reason, without a hint",
    (errno) => {
      expect([hintOf(errno, false), hintOf(errno, true)]).toEqual([undefined, undefined]);
    },
  );
});
