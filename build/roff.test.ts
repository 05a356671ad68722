import { expect, test } from "bun:test";
import { manPages } from "../src/cli/man-page.ts";
import { skipMarker } from "../test/harness/scenario-name.ts";
import { toRoff } from "./roff.ts";

const at = { date: "2026-11-29", version: "1.2.3" };

test("headings, terms, emphasis, examples", () => {
  const markdown = `% bunc-x "8"\n\n# NAME\n**bunc-x** - do\n\n# DESCRIPTION\nA _file_ and /run/a_b_c.\n\nMore.\n\nEXAMPLE:\n\n    .x \\ -y\n    z\n\n# OPTIONS\n**-b**, **--bundle** _directory_\n: Where.\n`;
  expect(toRoff(markdown, at)).toBe(
    [
      '.TH BUNC-X 8 "2026-11-29" "bunc 1.2.3" "bunc"',
      ".SH NAME\n\\fBbunc\\-x\\fR \\- do",
      ".SH DESCRIPTION\nA \\fIfile\\fR and /run/a_b_c.\n.PP\nMore.\n.PP\nEXAMPLE:\n.PP\n.EX\n\\&.x \\e \\-y\nz\n.EE",
      ".SH OPTIONS\n.TP\n\\fB\\-b\\fR, \\fB\\-\\-bundle\\fR \\fIdirectory\\fR\nWhere.\n",
    ].join("\n"),
  );
});

const groff = Bun.which("groff") !== null;
const name = "groff has nothing to say about %s";

(groff ? test : test.skip).each([...manPages()])(
  groff ? name : `${name}${skipMarker}groff is not installed]`,
  (_file, markdown) => {
    const { stdout, stderr } = Bun.spawnSync(["groff", "-man", "-ww", "-Tutf8", "-P-cbou"], {
      stdin: Buffer.from(toRoff(markdown, at)),
    });
    expect(stderr.toString()).toBe("");
    const text = stdout.toString();
    expect(text).not.toMatch(/\*\*|^: /m);
    expect(text).toContain("SYNOPSIS");
  },
);
