import { expect, test } from "bun:test";
import { globalCommand } from "../../src/verbs/global-flags.ts";
import { type VerbName, verbs } from "../../src/verbs/verbs.ts";
import { bashCompletion } from "./bash.ts";
import { commandLine, WORDS } from "./definition.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

const definition = commandLine();

test.each(Object.entries(WORDS))("%s takes the words that are offered for it", (key, words) => {
  const [verb = "", long = ""] = key.split(" ");
  const command = verb === "" ? globalCommand() : verbs[verb as VerbName]();
  const option = command.options.find((each) => each.long === long);
  expect(option?.parseArg).toBeDefined();
  for (const word of words) option?.parseArg?.(word as never, [] as never);
});

test("each shell's completion has every verb and every flag that help shows", () => {
  const texts = [bashCompletion(definition), zshCompletion(definition), fishCompletion(definition)];
  for (const verb of definition.verbs) {
    for (const text of texts) expect(text).toContain(verb.name);
    for (const { long } of verb.flags) {
      expect(texts[0]).toContain(long);
      expect(texts[1]).toContain(long);
      expect(texts[2]).toContain(` -l ${long.slice(2)}`);
    }
  }
});
