/** Every one-line change of a configuration: one member or item of it is missing, null, empty, doubled, … */
import type { Json, JsonObject } from "./pieces.ts";

export interface Change {
  /** The place: `mounts[].options[]`, without the indices of items and the keys of maps. */
  place: string;
  kind: string;
  /** The JSON text of the changed line, which need not be valid JSON by itself. */
  line: string;
  /** The whole configuration, changed. */
  text: string;
}

type Path = readonly (string | number)[];

/** The JSON text of a member or item → the text that replaces it; undefined to remove it. */
type Edit = (value: string, key: string) => string | undefined;

/** Objects whose keys are data, not names of the specification. */
const MAPS = ["annotations", "linux.sysctl", "linux.resources.unified", "linux.resources.rdma"];

const quote = (text: string) => JSON.stringify(text);

/** `config` as JSON, with `edit` applied to the value at `path`. */
function write(value: Json, path: Path, edit: Edit): string {
  const [at, ...below] = path;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => {
      if (index !== at) return JSON.stringify(item);
      return below.length === 0 ? edit(JSON.stringify(item), "") : write(item, below, edit);
    });
    return `[${items.filter((item) => item !== undefined).join(",")}]`;
  }
  const members = Object.entries(value as JsonObject).map(([name, member]) => {
    if (name !== at) return `${quote(name)}:${JSON.stringify(member)}`;
    if (below.length === 0) return edit(JSON.stringify(member), name);
    return `${quote(name)}:${write(member, below, edit)}`;
  });
  return `{${members.filter((member) => member !== undefined).join(",")}}`;
}

function placeOf(path: Path): string {
  let place = "";
  for (const part of path) {
    if (typeof part === "number") place += "[]";
    else if (MAPS.includes(place)) place += "{}";
    else place += place === "" ? part : `.${part}`;
  }
  return place;
}

function* pathsOf(value: Json, above: Path = []): Generator<{ path: Path; value: Json }> {
  if (above.length > 0) yield { path: above, value };
  if (typeof value !== "object" || value === null) return;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [key, member] of entries) yield* pathsOf(member, [...above, key]);
}

const BIG = "99999999999999999999";

/** Unlikely values of the right type, and values of other types. Kind of change → JSON text. */
function otherValues(value: Json): Record<string, string> {
  switch (typeof value) {
    case "boolean":
      return { empty: "false", other: String(!value), "wrong type": `"${value}"`, "number for it": "1" };
    case "number":
      return {
        empty: "0",
        "wrong type": `"${value}"`,
        negative: "-1",
        "minus two": "-2",
        "beyond 32 bits": "4294967296",
        "beyond 64 bits": BIG,
        fraction: "1.5",
        "with an exponent": "1e2",
        "boolean for it": "true",
      };
    case "string":
      return {
        empty: '""',
        "wrong type": "7",
        "list for it": `[${quote(value)}]`,
        unknown: quote(`${value}x`),
        "in capitals": quote(value.toUpperCase()),
        "in small letters": quote(value.toLowerCase()),
        "with space": quote(` ${value} `),
        "without its slash": quote(value.replace(/^\//, "")),
        "not clean": quote(value.replaceAll("/", "//../")),
        "with NUL": quote(`${value}\u0000`),
        "half of a surrogate": `"\\ud800"`,
        long: quote(value + "x".repeat(5000)),
      };
  }
  if (Array.isArray(value)) {
    const [first] = value;
    const doubled = value.length === 0 ? [] : [...value, first as Json];
    return {
      empty: "[]",
      "wrong type": "{}",
      "text for it": `"x"`,
      "an item twice": JSON.stringify(doubled),
      "a null more": JSON.stringify([...value, null]),
      "a number more": JSON.stringify([...value, 7]),
      "an empty text more": JSON.stringify([...value, ""]),
      "an empty object more": JSON.stringify([...value, {}]),
      "too many": JSON.stringify(
        value.length === 0 ? [] : Array(typeof first === "object" ? 4 : 64).fill(first),
      ),
    };
  }
  return { empty: "{}", "wrong type": "[]", "text for it": `"x"`, "unknown member": '{"unknown":[1]}' };
}

const other = (key: string) => (key === key.toUpperCase() ? key.toLowerCase() : key.toUpperCase());

/** Go folds these to "k" and "s". */
const folded = (key: string) => key.replace("k", "\u212a").replace("s", "\u017f");

function* editsOf(value: Json, isItem: boolean, isEntry: boolean): Generator<[kind: string, edit: Edit]> {
  const keyed = (key: string, text: string) => (isItem ? text : `${quote(key)}:${text}`);
  yield ["missing", () => undefined];
  yield ["null", (_text, key) => keyed(key, "null")];
  for (const [kind, text] of Object.entries(otherValues(value)))
    yield [kind, (_old, key) => keyed(key, text)];
  if (isItem) return;
  const both = (first: string, second: string) => `${first},${second}`;
  yield ["twice", (text, key) => both(keyed(key, text), keyed(key, text))];
  yield ["then null", (text, key) => both(keyed(key, text), keyed(key, "null"))];
  const empty = otherValues(value)["empty"];
  if (empty !== undefined) {
    yield ["then empty", (text, key) => both(keyed(key, text), keyed(key, empty))];
    yield ["empty before", (text, key) => both(keyed(key, empty), keyed(key, text))];
  }
  if (isEntry) {
    yield ["empty key", (text) => keyed("", text)];
    return;
  }
  yield ["wrong case", (text, key) => keyed(other(key), text)];
  yield ["folded case", (text, key) => keyed(folded(key), text)];
  yield ["then wrong case", (text, key) => both(keyed(key, text), keyed(other(key), text))];
  if (empty !== undefined) {
    yield ["then empty in wrong case", (text, key) => both(keyed(key, text), keyed(other(key), empty))];
    yield ["empty in wrong case before", (text, key) => both(keyed(other(key), empty), keyed(key, text))];
  }
}

/** Changes of the document as a whole. */
function* documentChanges(text: string): Generator<Change> {
  const whole = (kind: string, changed: string): Change => ({
    place: "",
    kind,
    line: kind,
    text: changed,
  });
  yield whole("text behind", `${text}\n}`);
  yield whole("a second document behind", `${text}\n{"ociVersion":"9.9.9"}`);
  yield whole("byte order mark", `\ufeff${text}`);
  yield whole("cut off", text.slice(0, -1));
  yield whole("comma at the end", text.replace(/}$/, ",}"));
  yield whole("null", "null");
  yield whole("list", "[]");
  yield whole("empty", "");
  yield whole("empty object", "{}");
  yield whole("comment", `// by hand\n${text}`);
  yield whole("unknown member", text.replace("{", '{"unknown":{"deep":[null,1e400]},'));
  yield whole(
    "members of other platforms",
    text.replace("{", '{"windows":{},"solaris":7,"vm":null,"zos":"x",'),
  );
}

export function* changesOf(config: JsonObject): Generator<Change> {
  yield* documentChanges(JSON.stringify(config));
  for (const { path, value } of pathsOf(config)) {
    const place = placeOf(path);
    const isItem = typeof path.at(-1) === "number";
    const isEntry = MAPS.includes(placeOf(path.slice(0, -1)));
    for (const [kind, edit] of editsOf(value, isItem, isEntry)) {
      let line = "";
      const text = write(config, path, (old, key) => {
        const edited = edit(old, key);
        line = edited ?? `(without ${key === "" ? old : `${quote(key)}:${old}`})`;
        return edited;
      });
      yield { place, kind, line, text };
    }
  }
}
