import { expect, test } from "bun:test";
import { rootPath, targetOf } from "./mount-targets.ts";

test("where a destination leads", () => {
  const table: [destination: string, root: string, target: string][] = [
    ["/data", "/b/rootfs", "/data"],
    ["data/../x", "/b/rootfs", "/x"],
    ["/b/rootfs/data", "/b/rootfs", "/data"],
    ["/b//rootfs/./data/", "/b/rootfs", "/data"],
    ["b/rootfs/data", "/b/rootfs", "/data"],
    ["/b/rootfs", "/b/rootfs", "/"],
    ["/b/rootfs/../x", "/b/rootfs", "/b/x"],
    ["/b/rootfs-2/data", "/b/rootfs", "/b/rootfs-2/data"],
    ["/data", "/", "/data"],
    ["/", "/", "/"],
  ];
  for (const [destination, root, target] of table) {
    expect([destination, root, targetOf(destination, root)]).toEqual([destination, root, target]);
  }
});

test("the root file system, from the bundle on", () => {
  expect(rootPath({ path: "rootfs" }, "/bundle")).toBe("/bundle/rootfs");
  expect(rootPath({ path: "/srv/./root/" }, "/bundle")).toBe("/srv/root");
});
