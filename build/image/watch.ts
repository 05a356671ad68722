/**
 * Finds the pages that a hot command touches, which a start then populates in few calls (zig/image/populate.zig). The command is
 * started from the image with a stand-in for the core (src/image/rehearsal.ts) and stops when it ends; then /proc/PID/pagemap
 * shows the pages.
 */
import { type Area, PAGE_BYTES, StoppedProcess } from "./process.ts";
import type { Profile, Range } from "./table.ts";

/** Written pages that have at most this many other pages between them are one range. */
const WRITTEN_GAP_PAGES = 1;

/** The kernel maps this much of a file at once, aligned, when a page of it is read. */
const READ_PAGES = 16;

/** As many ranges as process_madvise(2) takes at once (UIO_MAXIOV). */
const RANGES_MAX = 1024;

/** Runs a command of the program with the profiles found so far, and calls `look` with the process when it has stopped. */
type Watch = <T>(known: readonly Profile[], words: readonly string[], look: (pid: number) => T) => Promise<T>;

/**
 * `areas`: those of the stopped program, because a start does not populate what a command maps for itself. Written pages are
 * found first, because the kernel maps other pages around a page of the image that is read.
 */
export async function profilesOf(
  commands: Readonly<Record<string, readonly string[]>>,
  areas: readonly Area[],
  watch: Watch,
): Promise<Profile[]> {
  const profiles = Object.keys(commands).map((verb): Profile => ({ verb, written: [], read: [] }));
  for (const kind of ["written", "read"] as const) {
    const known = [...profiles];
    for (const [index, [verb, words]] of Object.entries(commands).entries()) {
      const found = await watch(known, words, (pid) => touched(pid, areas, kind));
      if (found.length > RANGES_MAX)
        throw new Error(`"${verb}" touches memory in more than ${RANGES_MAX} places`);
      profiles[index] = { ...(known[index] as Profile), [kind]: found };
    }
  }
  return profiles;
}

function touched(pid: number, areas: readonly Area[], kind: "written" | "read"): Range[] {
  const stopped = new StoppedProcess(pid);
  try {
    return areas.filter(canBe[kind]).flatMap((area) => {
      const own = stopped.presentPages(area, true);
      if (kind === "written") return runs(own, WRITTEN_GAP_PAGES);
      return oneOfEachWindow(stopped.presentPages(area, false), own, area);
    });
  } finally {
    stopped.close();
  }
}

const [PROT_READ, PROT_WRITE, PROT_EXEC] = [1, 2, 4];

/** Only the start writes the memory of the just-in-time compiler. */
const canBe = {
  written: ({ protection }: Area) => protection === (PROT_READ | PROT_WRITE),
  read: ({ protection }: Area) =>
    (protection & PROT_READ) !== 0 && protection !== (PROT_READ | PROT_WRITE | PROT_EXEC),
} as const;

/**
 * One page for each window that the kernel maps as a whole (fault-around); the others need no work. `shared`: the pages that
 * belong to a file. Which pages of a window are mapped depends on the page cache, so the first possible one is used.
 */
function oneOfEachWindow(shared: readonly number[], own: readonly number[], area: Area): Range[] {
  const written = new Set(own);
  const first = area.start / PAGE_BYTES;
  const windows = new Set(shared.map((page) => page - (page % READ_PAGES)));
  return [...windows].map((start) => {
    let page = Math.max(start, first);
    while (written.has(page)) page++;
    return [page * PAGE_BYTES, PAGE_BYTES];
  });
}

/** → ranges of the pages, ascending; ranges with at most `gap` pages between them are merged. */
export function runs(pages: readonly number[], gap: number): Range[] {
  const found: [from: number, to: number][] = [];
  for (const page of pages) {
    const last = found.at(-1);
    if (last !== undefined && page - last[1] <= gap) last[1] = page + 1;
    else found.push([page, page + 1]);
  }
  return found.map(([from, to]) => [from * PAGE_BYTES, (to - from) * PAGE_BYTES]);
}
