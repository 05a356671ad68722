/** Names on the host may contain any bytes, and a mount table may have any size: neither stops a command. */
import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { buncOnly, realProcessor, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

/** Runs the runtime in a private mount namespace, after the lines of a shell script. */
function afterMounts(script: string): string[] {
  return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", `${script}\nexec "$0" "$@"`];
}

scenario("a mount point that is not UTF-8 does not stop any command", [root], async (box) => {
  const place = box.path("mounts");
  mkdirSync(place);
  const wrapper = afterMounts(
    `for byte in '\\377' '\\200' '\\300\\200' '\\355\\240\\200' '\\001' '\\n'; do
       d=$(printf "${place}/x\${byte}y|"); d=\${d%|}
       mkdir -p "$d"; mount -t tmpfs tmpfs "$d"
     done`,
  );
  const { id, bundle } = { id: box.id(), bundle: box.probe(["sleep"]) };
  await box.must(["create", "--bundle", bundle.directory, id], { wrapper });
  for (const words of [
    ["start", id],
    ["state", id],
    ["list"],
    ["kill", id, "KILL"],
    ["delete", "--force", id],
  ]) {
    await box.must(words, { wrapper });
  }
});

scenario("a bundle in a directory that is not UTF-8 is run from there", [root, buncOnly], async (box) => {
  const bundle = box.probe(["exit:7"]);
  const script = `d=$(printf '${box.path("b")}\\377|'); d=\${d%|}; mv ${bundle.directory} "$d"; cd "$d"`;
  const { status, stderr } = await box.call(["run", box.id()], { wrapper: afterMounts(script) });
  expect({ status, stderr }).toEqual({ status: 7, stderr: "" });
});

scenario("an error shows bytes that are not UTF-8 as \\xff", [root, buncOnly], async (box) => {
  const script = `d=$(printf '${box.path("b")}\\377|'); d=\${d%|}; mv ${
    box.bundle(({ root }) => {
      root.path = "gone";
    }).directory
  } "$d"; cd "$d"`;
  const { stderr } = await box.call(["run", box.id()], { wrapper: afterMounts(script) });
  // The quoting of logrus's text format doubles the backslash.
  expect(stderr).toContain(`${box.path("b")}\\\\xff/gone: no such file`);
  expect(stderr).not.toContain("x00");
});

/** Every copy doubles the mounts. */
const sizes = [
  { mebibytes: 8, copies: "a b c d e f g h i j", needs: [root] },
  { mebibytes: 64, copies: "a b c d e f g h i j k l m", needs: [root, realProcessor] },
];

for (const { mebibytes, copies, needs } of sizes) {
  scenario(`a mount table of more than ${mebibytes} MiB stops no command`, needs, async (box) => {
    const place = box.path("deep");
    mkdirSync(place);
    // Nine names of 250 newlines, each of which takes four characters in the table.
    const wrapper = afterMounts(
      `cd ${place}; mount -t tmpfs tmpfs .; cd ${place}
       name=$(printf '%250s|' '' | tr ' ' '\\n'); name=\${name%|}
       for level in 1 2 3 4 5 6 7 8 9; do mkdir "$name"; cd -P "./$name"; done
       mkdir top; mount -t tmpfs tmpfs top; cd top
       for copy in ${copies}; do mkdir $copy; done
       for copy in ${copies}; do mount --rbind . $copy; done
       cd /; test "$(wc -c < /proc/self/mountinfo)" -gt ${mebibytes * 2 ** 20}`,
    );
    await box.must(["run", "--bundle", box.probe([]).directory, box.id()], { wrapper });
  });
}
