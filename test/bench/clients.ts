/**
 * Start latency through real clients: `docker run --rm busybox true` and `podman run --rm busybox true` with bunc,
 * runc and crun, in the same daemon and alternating, so that a change of the machine's speed affects them all.
 *
 *   bun test/bench/clients.ts [--rounds=N]
 *
 * The test machine is emulated; read the times as ratios to runc's.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Guest, guestUnavailable, withGuest } from "../vm/guest.ts";

const contenders = { bunc: "/usr/local/bin/bunc", runc: "/usr/sbin/runc", crun: "/usr/bin/crun" } as const;
type Contender = keyof typeof contenders;
const names = Object.keys(contenders) as Contender[];
const defaultRounds = 5;

interface Work {
  readonly name: string;
  readonly command: (contender: Contender) => string;
}

const works: readonly Work[] = [
  {
    name: "docker run --rm busybox true",
    command: (contender) => `docker run --rm --network none --runtime ${contender} busybox true`,
  },
  {
    name: "podman run --rm busybox true",
    command: (contender) => `podman --runtime ${contenders[contender]} run --rm --network none busybox true`,
  },
];

/** Wall clock milliseconds, one value per round. */
type Latencies = ReadonlyMap<string, Readonly<Record<Contender, readonly number[]>>>;

const setup = `
set -e
mkdir -p /etc/docker
cat >/etc/docker/daemon.json <<'END'
{"runtimes": {"bunc": {"path": "${contenders.bunc}"}, "crun": {"path": "${contenders.crun}"}}}
END
systemctl reset-failed docker || :
systemctl restart docker
docker image inspect busybox >/dev/null 2>&1 || docker import /scratch/busybox.tar busybox:latest
podman image exists busybox || podman import -q /scratch/busybox.tar localhost/busybox:latest
`;

/** The guest has bunc installed and the root file system at /scratch/busybox.tar (test/clients/guest-image.sh). */
export async function measureLatency(guest: Guest, rounds = defaultRounds): Promise<Latencies> {
  await guest.output(["bash", "-c", setup], { cwd: "/", timeoutMs: 300_000 });
  const latencies = new Map<string, Record<Contender, number[]>>();
  for (const work of works) {
    const times: Record<Contender, number[]> = { bunc: [], runc: [], crun: [] };
    // The first round only warms caches.
    for (let round = 0; round <= rounds; round++) {
      for (const name of names) {
        const script = `start=$(date +%s%N); ${work.command(name)} && echo $((($(date +%s%N) - start) / 1000))`;
        const microseconds = await guest.output(["bash", "-c", script], { cwd: "/" });
        if (round > 0) times[name].push(Number(microseconds) / 1000);
      }
    }
    latencies.set(work.name, times);
  }
  return latencies;
}

export function latencyTable(latencies: Latencies): string {
  const rounds = Math.min(...[...latencies.values()].map((times) => times.runc.length));
  const lines = [
    `| median wall clock (rounds: ${rounds}), as a ratio to runc's | ${names.join(" | ")} |`,
    "|---|---|---|---|",
  ];
  for (const [work, times] of latencies) {
    const base = median(times.runc);
    const cells = names.map((name) => (median(times[name]) / base).toFixed(2));
    lines.push(`| \`${work}\` | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: { rounds: { type: "string", default: String(defaultRounds) } },
  });
  const rounds = Number(flags.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds=${flags.rounds}: expected a whole number of at least 1`);
  }
  const reason = guestUnavailable();
  if (reason !== undefined) return console.log(`skip: ${reason}`);
  const project = join(import.meta.dir, "../..");
  const share = mkdtempSync(join(tmpdir(), "bunc-clients-"));
  try {
    mkdirSync(join(share, "dist"));
    copyFileSync(join(project, "dist/bunc"), join(share, "dist/bunc"));
    copyFileSync(join(project, "test/clients/guest-image.sh"), join(share, "guest-image.sh"));
    await withGuest(
      "clients",
      async (guest) => {
        await guest.output(["sh", "/project/guest-image.sh"], { cwd: "/" });
        console.log(latencyTable(await measureLatency(guest, rounds)));
      },
      { share },
    );
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
