/** How the kernel charges memory to a cgroup. Pure. */

/** It charges in batches (MEMCG_CHARGE_BATCH, 64 pages): one that is refused leaves the usage so far below the limit. */
const BATCH_BYTES = 64 * 4096;

/** Whether a charge may have been refused at this usage; both in bytes. */
export const isReached = (usage: number, limit: number) => usage + BATCH_BYTES >= limit;
