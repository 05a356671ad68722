/** The hot commands: those that clients call for each container. */

/** As they are rehearsed, in this order, before the image is taken. "c" is the container that there is. */
export const rehearsed: readonly (readonly string[])[] = [
  ["--version"],
  ["run", "c"],
  ["--log", "/log", "--log-format", "json", "create", "--bundle", "/b", "--pid-file", "/pid", "c"],
  ["--log", "/log", "--log-format", "json", "state", "c"],
  ["start", "c"],
  ["exec", "c", "true"],
  ["list"],
  ["kill", "c", "KILL"],
  ["delete", "c"],
  ["delete", "--force", "c"],
];

/** By verb, as the build watches them for what they touch; the one of "" stands for all others. */
export const watched: Readonly<Record<string, readonly string[]>> = {
  "": ["--version"],
  run: ["run", "d"],
  create: ["create", "--bundle", "/b", "--pid-file", "/pid", "d"],
  state: ["state", "c"],
  start: ["start", "c"],
  exec: ["exec", "c", "true"],
  list: ["list"],
  kill: ["kill", "c", "KILL"],
  delete: ["delete", "--force", "c"],
};
