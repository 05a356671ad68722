/** The four ways (environments) in which the suite runs. */
import { guestUser } from "../vm/flavours.ts";

export const wayNames = ["host", "guest-cgroupfs", "guest-systemd", "guest-rootless"] as const;
export type WayName = (typeof wayNames)[number];

export interface Way {
  readonly description: string;
  readonly place: "host" | "guest";
  /** The body of a shell function that runs its arguments this way, as root. */
  readonly launch: string;
  /** Root's script before the first file. */
  readonly prepare?: string;
}

const cgroup = "/sys/fs/cgroup";
/** Where the suite's tests make their cgroups without systemd. */
const suiteCgroup = `${cgroup}/runc-cgroups-integration-test`;
const { name: user, uid, gid } = guestUser;
const auxiliaryDirectory = "/scratch/rootless-auxiliary";
const subordinate = { start: 100_000, length: 65_536 };
/** The suite maps the user's first subordinate id to id 1000 in the container. */
const firstMapped = 1000;
const auxiliaryUid = 1024;

/** Prepares the machine as the suite's rootless.sh does: kernel's cgroup-v2.rst, "Delegation Containment". */
const delegate = `
set -e
for controller in $(cat ${cgroup}/cgroup.controllers); do echo "+$controller" > ${cgroup}/cgroup.subtree_control; done
mkdir -p ${suiteCgroup}
chown root:${gid} ${suiteCgroup} ${suiteCgroup}/cgroup.subtree_control ${suiteCgroup}/cgroup.procs ${cgroup}/cgroup.procs
chmod g+rwx ${suiteCgroup}
chmod g+rw ${suiteCgroup}/cgroup.subtree_control ${suiteCgroup}/cgroup.procs ${cgroup}/cgroup.procs
mkdir -p ${auxiliaryDirectory}
chown ${subordinate.start - firstMapped + auxiliaryUid} ${auxiliaryDirectory}
`;

const rootlessEnvironment = {
  HOME: `/home/${user}`,
  USER: user,
  ROOTLESS_FEATURES: "idmap+cgroup",
  ROOTLESS_UIDMAP_START: subordinate.start,
  ROOTLESS_UIDMAP_LENGTH: subordinate.length,
  ROOTLESS_GIDMAP_START: subordinate.start,
  ROOTLESS_GIDMAP_LENGTH: subordinate.length,
  ROOTLESS_AUX_DIR: auxiliaryDirectory,
  ROOTLESS_AUX_UID: auxiliaryUid,
};

export const ways: Readonly<Record<WayName, Way>> = {
  host: {
    description: "root on this host, which sees a pure cgroup2",
    place: "host",
    // The pid namespace ends everything that a test leaves running; its pid 1 must reap. `exec` replaces the shell, so
    // that killing this process at its deadline ends the namespace. Tests detect a freezer by looking for a cgroup that
    // is not the root.
    launch: `exec unshare --mount --pid --fork --kill-child --mount-proc sh -e -c '
      umount --recursive ${cgroup}
      mount -t cgroup2 none ${cgroup}
      mkdir -p ${cgroup}/bunc-judges
      "$@" || status=$?
      rmdir ${cgroup}/bunc-judges || true
      exit "\${status:-0}"' sh "$@"`,
  },
  "guest-cgroupfs": {
    description: "root in the guest, cgroups made by the runtime",
    place: "guest",
    launch: '"$@"',
  },
  "guest-systemd": {
    description: "root in the guest, cgroups made by systemd",
    place: "guest",
    launch: 'RUNC_USE_SYSTEMD=yes "$@"',
  },
  "guest-rootless": {
    description: "an ordinary user in the guest, with subordinate ids and a delegated cgroup",
    place: "guest",
    prepare: delegate,
    launch: [
      "env",
      ...Object.entries(rootlessEnvironment).map(([name, value]) => `${name}=${value}`),
      `setpriv --reuid=${uid} --regid=${gid} --init-groups "$@"`,
    ].join(" "),
  },
};
