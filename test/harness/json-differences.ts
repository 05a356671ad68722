/** Finds where two JSON documents differ. */

/** Path → the value in `after`; undefined if it has none. Lists are compared as a whole. */
export function differences(before: unknown, after: unknown, path = ""): Record<string, unknown> {
  if (!isObject(before) || !isObject(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? {} : { [path]: after };
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const found = [...names].map((name) =>
    differences(before[name], after[name], path === "" ? name : `${path}.${name}`),
  );
  return Object.assign({}, ...found);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
