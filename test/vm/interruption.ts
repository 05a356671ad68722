// What has to be undone when this process ends, however it ends but by SIGKILL.

const cleanups = new Set<() => void>();
let installed = false;

/** Calls `cleanup` when the process exits or is interrupted; the function returned takes that back. */
export function onInterruption(cleanup: () => void): () => void {
  install();
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

function install(): void {
  if (installed) return;
  installed = true;
  process.on("exit", () => {
    for (const cleanup of cleanups) cleanup();
  });
  const signals = [
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const;
  for (const [signal, number] of signals) process.on(signal, () => process.exit(128 + number));
}
