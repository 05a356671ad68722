/**
 * Where and why a text is not JSON (RFC 8259), for a person. Used only for texts that JSON.parse has refused,
 * which does not say this, or that are nested too deep. It keeps no values and does not recurse.
 */

import type { Excerpt } from "../failure/errors.ts";
import { DEPTH_MAX } from "./json-structure.ts";

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
  try {
    readDocument(text);
    return undefined;
  } catch (mistake) {
    if (mistake instanceof Mistake) return describe(text, mistake);
    throw mistake;
  }
}

/** Thrown where the text stops being JSON; never leaves this module. */
class Mistake {
  /** Index into the text. */
  readonly at: number;
  readonly accepted: string;
  /** The offending piece, if it is not simply the word or character at `at`. */
  readonly piece: string | undefined;

  constructor(at: number, accepted: string, piece?: string) {
    this.at = at;
    this.accepted = accepted;
    this.piece = piece;
  }
}

/** Up to what can be told from a literal: 01, 1.x and trues go on. */
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w$.+-])/y;
const WHITE_SPACE = /[ \t\n\r]*/y;
/** Of a string: characters that stand for themselves, or an escape. */
const CHARACTERS = /[^"\\\p{Cc}]+|[\x7f-\x9f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/uy;
const CLOSING = { "{": "}", "[": "]" } as const;

/** What may come next, and how an error says so. After a value it depends on the bracket around it. */
const ACCEPTED = {
  document: "a JSON document",
  value: "a value",
  "first item": "a value",
  name: "a member name in double quotes",
  "first name": 'a member name in double quotes, or "}"',
  colon: '":" after the member name',
  end: "nothing after the end of the document",
};

/** Throws Mistake. */
function readDocument(text: string): void {
  if (text.startsWith("\ufeff")) throw new Mistake(0, "no byte order mark", "\ufeff");
  /** What closes the open brackets, outermost first. */
  const open: ("}" | "]")[] = [];
  let expected: keyof typeof ACCEPTED | "next" = "document";
  let at = skip(text, 0);
  while (expected !== "end" || at < text.length) {
    const character = text[at];
    const closing = open.at(-1);
    if (expected === "end" || (expected === "document" && character === undefined)) {
      throw new Mistake(at, ACCEPTED[expected]);
    }
    let end = at + 1;
    if (character === closing && (expected === "next" || expected.startsWith("first"))) {
      open.pop();
      expected = open.length === 0 ? "end" : "next";
    } else if (expected === "next") {
      if (character !== ",") throw new Mistake(at, `"," or "${closing}"`);
      if (text[skip(text, end)] === closing) throw new Mistake(at, `no "," before "${closing}"`);
      expected = closing === "}" ? "name" : "value";
    } else if (expected === "colon") {
      if (character !== ":") throw new Mistake(at, ACCEPTED.colon);
      expected = "value";
    } else if (expected.endsWith("name")) {
      if (character !== '"') throw new Mistake(at, ACCEPTED[expected]);
      end = endOfString(text, at);
      expected = "colon";
    } else if (character === "{" || character === "[") {
      if (open.length === DEPTH_MAX) throw new Mistake(at, `at most ${DEPTH_MAX} levels of nesting`);
      open.push(CLOSING[character]);
      expected = character === "{" ? "first name" : "first item";
    } else {
      end = character === '"' ? endOfString(text, at) : endOf(SCALAR, text, at);
      if (end === at) throw new Mistake(at, ACCEPTED.value);
      expected = closing === undefined ? "end" : "next";
    }
    at = skip(text, end);
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') {
    const end = endOf(CHARACTERS, text, at);
    if (end === at) throw mistakeInString(text, start, at);
    at = end;
  }
  return at + 1;
}

function mistakeInString(text: string, start: number, at: number): Mistake {
  const character = text[at];
  if (character === "\\") {
    return new Mistake(at, "an escape of JSON such as \\\\, \\n or \\u0041", text.slice(at, at + 2));
  }
  if (character === undefined || character === "\n" || character === "\r") {
    return new Mistake(start, "a double quote at the end of the string", text.slice(start, at));
  }
  return new Mistake(at, "control characters in strings as escapes such as \\t or \\u0000", character);
}

/** What is no white space from `at` on. */
function skip(text: string, at: number): number {
  const end = endOf(WHITE_SPACE, text, at);
  const comment = /^(?:\/[/*]|#)/.exec(text.slice(end, end + 2))?.[0];
  if (comment !== undefined) throw new Mistake(end, "no comments", comment);
  return end;
}

/** The end of what the pattern finds here; the same place when it finds nothing. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

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
