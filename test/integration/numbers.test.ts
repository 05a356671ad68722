/** Numbers in every document are integers as Go reads them, and keep every digit. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

for (const number of ["1e3", "1000.0", "1E+3"]) {
  const placed = (value: unknown) => JSON.stringify(value).replace("4242", number);

  scenario(`${number} is no integer in config.json, process.json and resources.json`, [root], async (box) => {
    const bundle = box.probe(["sleep"]);
    const id = await box.started(bundle);

    const limited = {
      ...bundle.config.process,
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 4242, hard: 5000 }],
    };
    bundle.writeRaw(placed({ ...bundle.config, process: limited }));
    const ran = await box.run(bundle);
    expect([ran.status, ran.stderr.includes(number)]).toEqual([1, true]);

    const processFile = box.path("process.json");
    writeFileSync(processFile, placed({ ...limited, args: ["/probe"] }));
    const executed = await box.call(["exec", "--process", processFile, id]);
    expect([executed.status, executed.stderr.includes(number)]).toEqual([255, true]);

    const resources = box.path("resources.json");
    writeFileSync(resources, placed({ pids: { limit: 4242 } }));
    const updated = await box.call(["update", "--resources", resources, id]);
    expect([updated.status, updated.stderr.includes(number)]).toEqual([1, true]);
  });

  scenario(`${number} is no integer in state.json`, [root, buncOnly], async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const file = `${box.root}/${id}/state.json`;
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/"init_process_start":\d+/, `"init_process_start":${number}`),
    );
    const state = await box.call(["state", id]);
    expect([state.status, state.stderr.includes(`field init_process_start is ${number}`)]).toEqual([1, true]);
  });
}

scenario("the largest rlimit is kept as it is", [root], async (box) => {
  const bundle = box.probe(["self"]);
  const before = (await box.reportOf(bundle)).self.rlimits["CORE"]?.hard;
  const unlimited = "18446744073709551615";
  if (before !== unlimited && before !== "unlimited") return;
  bundle.edit((config) => {
    config.process.rlimits = [{ type: "RLIMIT_CORE", soft: 4242, hard: 4242 }];
  });
  bundle.writeRaw(JSON.stringify(bundle.config).replaceAll("4242", unlimited));
  const { self } = await box.reportOf(bundle);
  expect(self.rlimits["CORE"]).toEqual({ soft: before, hard: before });
});
