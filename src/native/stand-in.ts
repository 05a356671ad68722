/** A stand-in for the core: for the rehearsal of commands (src/image/rehearsal.ts), and for tests. */

import { type Calls, callNumbers } from "./boundary.gen.ts";
import type { NativeCall } from "./linked.ts";

/** Call → its answer. A call without one is an error. */
export type Answers = { [Name in keyof Calls]?: (request: Calls[Name][0]) => Calls[Name][1] };

/** A core that gives these answers. */
export function standInCore(answers: Answers): NativeCall {
  const names = Object.keys(callNumbers) as (keyof Calls)[];
  return (id, request, length, out) => {
    const name = names[id] as keyof Calls;
    const answer = answers[name] as ((request: unknown) => unknown) | undefined;
    if (answer === undefined) throw new Error(`no answer to ${name}`);
    const text = new TextDecoder().decode(request.subarray(0, length));
    const bytes = new TextEncoder().encode(JSON.stringify(answer(JSON.parse(text))));
    out.set(bytes);
    return bytes.length;
  };
}

/** Makes a call of another core than `native` asks, of which nothing but its success is wanted. False: it failed. */
export function callCore<Name extends keyof Calls>(
  core: NativeCall,
  name: Name,
  request: Calls[Name][0],
): boolean {
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  const out = new Uint8Array(4096);
  return core(callNumbers[name], bytes, bytes.length, out, out.length) >= 0;
}

/** The answer to `read_documents` on a machine with these files, by path. */
export function documentsIn(files: ReadonlyMap<string, string>): NonNullable<Answers["read_documents"]> {
  return ({ paths }) => ({
    documents: paths.map((path) => {
      const text = files.get(path);
      return text === undefined ? { missing: {} } : { value: JSON.parse(text) };
    }),
  });
}
