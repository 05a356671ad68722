/**
 * Where and why a text is not JSON (RFC 8259), for a person. Used only for texts that JSON.parse has refused,
 * which does not say this, or that are nested too deep. It keeps no values and does not recurse.
 */

import type { Excerpt } from "../failure/errors.ts";
import { DEPTH_MAX } from "./json-depth.ts";

interface JsonMistake {
  /** Both from 1; columns are characters (code points). */
  line: number;
  column: number;
  /** The offending piece, in quotes, or "the end of the file". */
  found: string;
  /** What is accepted there. */
  accepted: string;
  /** For showing where it is; absent in an empty text. */
  excerpt?: Excerpt;
}

/** Undefined for text that is JSON. */
export function findJsonMistake(text: string): JsonMistake | undefined {
  const mistake = new Scanner(text).firstMistake();
  return mistake === undefined ? undefined : describe(text, mistake);
}

interface Mistake {
  /** Index into the text. */
  at: number;
  accepted: string;
  /** The offending piece, if it is not simply the word or character at `at`. */
  piece?: string;
}

const DIGIT_WORD = /[\w$.+-]/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WHITE_SPACE = /[ \t\n\r]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** Contents of a string, apart from escapes. */
const PLAIN = /[^"\\\p{Cc}]+|[\x7f-\x9f]+/uy;
const LITERALS = ["true", "false", "null"] as const;
const VALUE = "a value";
const END_OF_STRING = "a double quote at the end of the string";

/** Thrown when the text stops being JSON; never leaves this module. */
class Stop {
  readonly mistake: Mistake;

  constructor(mistake: Mistake) {
    this.mistake = mistake;
  }
}

class Scanner {
  private readonly text: string;
  private at = 0;
  /** The open brackets, outermost first. */
  private readonly open: ("{" | "[")[] = [];

  constructor(text: string) {
    this.text = text;
  }

  firstMistake(): Mistake | undefined {
    try {
      this.document();
      return undefined;
    } catch (stop) {
      if (stop instanceof Stop) return stop.mistake;
      throw stop;
    }
  }

  private document(): void {
    if (this.text.startsWith("\ufeff")) this.stop(0, "no byte order mark", "\ufeff");
    this.skip();
    if (this.at === this.text.length) this.stop(this.at, "a JSON document");
    let wantsValue = true;
    while (wantsValue || this.open.length > 0) wantsValue = wantsValue ? this.begin() : this.another();
    this.skip();
    if (this.at < this.text.length) this.stop(this.at, "nothing after the end of the document");
  }

  /** A string, number, literal or empty bracket (false); or the start of a bracket, up to its first value (true). */
  private begin(): boolean {
    this.skip();
    const character = this.text[this.at];
    if (character === '"') {
      this.string();
      return false;
    }
    if (character === "{" || character === "[") {
      if (this.open.length === DEPTH_MAX) this.stop(this.at, `at most ${DEPTH_MAX} levels of nesting`);
      this.at += 1;
      this.open.push(character);
      this.skip();
      if (this.text[this.at] === CLOSING[character]) {
        this.close();
        return false;
      }
      if (character === "{") this.key('a member name in double quotes, or "}"');
      return true;
    }
    const literal = LITERALS.find((word) => this.text.startsWith(word, this.at));
    const end = literal === undefined ? this.match(NUMBER) : this.at + literal.length;
    if (end === this.at || this.continues(end)) this.stop(this.at, VALUE);
    this.at = end;
    return false;
  }

  /** After a value: moves to the next one (true), or past the closing bracket (false). */
  private another(): boolean {
    this.skip();
    const bracket = this.open.at(-1) as "{" | "[";
    const closing = CLOSING[bracket];
    if (this.text[this.at] === closing) {
      this.close();
      return false;
    }
    const comma = this.at;
    if (this.text[comma] !== ",") this.stop(comma, `"," or "${closing}"`);
    this.at += 1;
    this.skip();
    if (this.text[this.at] === closing) this.stop(comma, `no "," before "${closing}"`);
    if (bracket === "{") this.key("a member name in double quotes");
    return true;
  }

  private close(): void {
    this.at += 1;
    this.open.pop();
  }

  private key(accepted: string): void {
    if (this.text[this.at] !== '"') this.stop(this.at, accepted);
    this.string();
    this.skip();
    if (this.text[this.at] !== ":") this.stop(this.at, '":" after the member name');
    this.at += 1;
  }

  private string(): void {
    const start = this.at;
    this.at += 1;
    for (;;) {
      const character = this.text[this.at];
      if (character === '"') break;
      if (character === undefined) this.stop(start, END_OF_STRING, this.text.slice(start));
      if (character === "\\") {
        const end = this.match(ESCAPE);
        if (end === this.at) {
          this.stop(
            this.at,
            "an escape of JSON such as \\\\, \\n or \\u0041",
            this.text.slice(this.at, this.at + 2),
          );
        }
        this.at = end;
        continue;
      }
      const end = this.match(PLAIN);
      if (end === this.at) {
        const isLine = character === "\n" || character === "\r";
        if (isLine) this.stop(start, END_OF_STRING, this.text.slice(start, this.at));
        this.stop(
          this.at,
          "control characters in strings as escapes such as \\t or \\u0000",
          character as string,
        );
      }
      this.at = end;
    }
    this.at += 1;
  }

  private skip(): void {
    this.at = this.match(WHITE_SPACE);
    const comment = /^(?:\/[/*]|#)/.exec(this.text.slice(this.at, this.at + 2))?.[0];
    if (comment !== undefined) this.stop(this.at, "no comments", comment);
  }

  /** The end of what the pattern finds here; the same place when it finds nothing. */
  private match(pattern: RegExp): number {
    pattern.lastIndex = this.at;
    return pattern.test(this.text) ? pattern.lastIndex : this.at;
  }

  /** Whether a number or literal continues past its end: 01, 1.x, trues. */
  private continues(end: number): boolean {
    DIGIT_WORD.lastIndex = end;
    return DIGIT_WORD.test(this.text);
  }

  private stop(at: number, accepted: string, piece?: string): never {
    throw new Stop(piece === undefined ? { at, accepted } : { at, accepted, piece });
  }
}

const CLOSING = { "{": "}", "[": "]" } as const;

const PIECE_LENGTH_MAX = 40;

function describe(text: string, { at, accepted, piece }: Mistake): JsonMistake {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  const column = [...text.slice(lineStart, at)].length + 1;
  const found = piece ?? pieceAt(text, at);
  const mistake = { line, column, found: foundText(found), accepted };
  return text.trim() === "" ? mistake : { ...mistake, excerpt: excerptAt(text, lineStart, at, line) };
}

/** A word, a number, a quoted text, or a single character. */
function pieceAt(text: string, at: number): string {
  const word = /^(?:[\w$.+-]+|'[^'\n]*'?|"[^"\n]*"?|[\s\S])/u.exec(
    text.slice(at, at + 10 * PIECE_LENGTH_MAX),
  );
  return word?.[0] ?? "";
}

function foundText(piece: string): string {
  if (piece === "") return "the end of the file";
  const short = piece.length > PIECE_LENGTH_MAX ? `${piece.slice(0, PIECE_LENGTH_MAX)}...` : piece;
  // A piece with its own quotes gets no others.
  const quoted = /^["'].*/.test(short) ? short : JSON.stringify(short);
  // JSON.stringify also keeps invisible characters.
  return quoted.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Characters shown in front of the mistake, and in all: a configuration may be one line of megabytes. */
const BEFORE = 50;
const WINDOW = 76;

function excerptAt(text: string, lineStart: number, at: number, line: number): Excerpt {
  const start = Math.max(lineStart, at - BEFORE);
  const newline = text.indexOf("\n", at);
  const lineEnd = newline === -1 ? text.length : newline;
  const end = Math.min(lineEnd, start + WINDOW);
  // Cut between the halves of a surrogate pair, half a character would be left.
  const head = text.slice(start, at).replace(/^[\udc00-\udfff]/, "");
  const tail = text.slice(at, end).replace(/[\ud800-\udbff\r]$/, "");
  return {
    line,
    before: `${start > lineStart ? "..." : ""}${head}`,
    after: `${tail}${end < lineEnd ? "..." : ""}`,
  };
}
