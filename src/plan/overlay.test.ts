import { expect, test } from "bun:test";
import { parseRelease } from "../host/host.ts";
import { resolveMount } from "../oci/resolved/mounts.ts";
import { dataOptions } from "./overlay.ts";

const place = { bundle: "/bundle", root: "/bundle/rootfs", container: {} };
const plan = (release: string, ...options: string[]) => {
  const config = { destination: "/o", type: "overlay", source: "overlay", options };
  return dataOptions(resolveMount(config, 0, place).data, parseRelease(release)).map(({ key, value }) =>
    value === null ? key : `${key}=${value}`,
  );
};

test("layers are given one by one where the kernel takes them so", () => {
  expect(plan("6.8.0", "lowerdir=/a:b::/c::/d")).toEqual([
    "lowerdir+=/a",
    "lowerdir+=/bundle/b",
    "datadir+=/c",
    "datadir+=/d",
  ]);
  expect(plan("6.7.9", "lowerdir=/a:b::/c")).toEqual(["lowerdir=/a:/bundle/b::/c"]);
});

test("escapes belong to the one string only", () => {
  expect(plan("6.8.0", "lowerdir=/a\\:x:/b\\\\c:/d\\,e")).toEqual([
    "lowerdir+=/a:x",
    "lowerdir+=/b\\c",
    "lowerdir+=/d,e",
  ]);
  expect(plan("6.1.0", "lowerdir=/a\\:x:/b\\\\c")).toEqual(["lowerdir=/a\\:x:/b\\\\c"]);
  expect(plan("6.8.0", "lowerdir+=/a:b")).toEqual(["lowerdir+=/a:b"]);
});

test("upper and work directories start at the bundle; the rest is passed on", () => {
  expect(plan("6.8.0", "upperdir=u/../v", "workdir=/w", "volatile", "metacopy=on")).toEqual([
    "upperdir=/bundle/v",
    "workdir=/w",
    "volatile",
    "metacopy=on",
  ]);
});

test("hundreds of layers", () => {
  const layers = Array.from({ length: 300 }, (_, index) => `/layers/${index}`);
  expect(plan("6.18.0", `lowerdir=${layers.join(":")}`)).toEqual(layers.map((layer) => `lowerdir+=${layer}`));
});
