import { expect, test } from "bun:test";
import { parseIdMapOption } from "./id-maps.ts";

const container = {
  uidMappings: [{ containerID: 0, hostID: 1000, size: 65000 }],
  gidMappings: [{ containerID: 5, hostID: 0, size: 1 }],
};
const id = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });

test("mappings in the option", () => {
  expect(parseIdMapOption("uids=0-1-10#10-11-10;gids=0-100-10", container)).toEqual({
    uidMappings: [id(0, 1, 10), id(10, 11, 10)],
    gidMappings: [id(0, 100, 10)],
  });
  expect(parseIdMapOption("gids=@7-5-1;uids=@1-3-10", container)).toEqual({
    uidMappings: [id(1, 1003, 10)],
    gidMappings: [id(7, 5 - 5, 1)],
  });
});

test("what is none", () => {
  const table = [
    "",
    "uids=0-1-10",
    "uids=0-1-10;uids=0-1-10",
    "uids=0-1;gids=0-1-1",
    "uids=0-1-0;gids=0-1-1",
    "uids=a-1-1;gids=0-1-1",
    "uids=0-1--1;gids=0-1-1",
    "uids=0-4294967295-1;gids=0-1-1",
    "uids=0-1-1;gids=@0-0-1",
    "uids=0-1-1;gids=0-1-1;",
    "uids=0-1-1#;gids=0-1-1",
  ];
  for (const text of table) expect([text, parseIdMapOption(text, container)]).toEqual([text, undefined]);
});
