/** `features`: the complete structure, true, and including everything that runc lists. */
import { expect } from "bun:test";
import * as v from "valibot";
import { type Features, FeaturesSchema } from "../../src/oci/features.ts";
import { buncOnly, runcInstalled } from "../harness/requirements.ts";
import { findRuntime } from "../harness/runtime.ts";
import { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const featuresOf = async (box: Sandbox) => JSON.parse((await box.must(["features"])).stdout) as Features;

scenario("features is one JSON document on standard output", [], async (box) => {
  const { stdout, stderr } = await box.must(["features"]);
  expect(stderr).toBe("");
  v.parse(FeaturesSchema, JSON.parse(stdout));
});

scenario("features: the members that clients read", [buncOnly], async (box) => {
  const features = await featuresOf(box);
  expect(features.ociVersionMin).toBe("1.0.0");
  expect(features.ociVersionMax).toBe("1.3.0");
  expect(features.mountOptions).toContain("rro");
  expect(features.linux?.mountExtensions?.idmap?.enabled).toBe(true);
  expect(features.linux?.namespaces).toContain("time");
  expect(features.annotations).toHaveProperty(["org.opencontainers.runc.version"]);
  expect(features.annotations).toHaveProperty(["org.opencontainers.runc.commit"]);
  expect(features.potentiallyUnsafeConfigAnnotations).toContain("org.systemd.property.");
});

scenario("features: every list has all that runc lists", [buncOnly, runcInstalled], async (box) => {
  const theirs = new Sandbox(findRuntime("runc"));
  try {
    const found = lists(await featuresOf(box));
    for (const [path, names] of lists(await featuresOf(theirs))) {
      expect([path, names.filter((name) => !found.get(path)?.includes(name))]).toEqual([path, []]);
    }
  } finally {
    await theirs.dispose();
  }
});

/** Path → the names, for each array of strings in a document. */
function lists(value: unknown, path = "", found = new Map<string, string[]>()): Map<string, string[]> {
  if (Array.isArray(value)) found.set(path, value as string[]);
  else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) lists(member, `${path}.${key}`, found);
  }
  return found;
}
