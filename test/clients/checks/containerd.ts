/** containerd: `ctr` and the runc v2 shim, whose option BinaryName names the runtime. */
import type { Check } from "../check.ts";

export const image = "docker.io/library/busybox:latest";
// The group sets $BINARY to the option of ctr that becomes the shim's BinaryName.
const run = `ctr run $BINARY --rm ${image} $C`;
export const start = `ctr run $BINARY -d ${image} $C`;

/** The pid of the container's init on the host. */
export const pid = "$(ctr task ls | awk -v c=$C '$1 == c {print $2}')";

/** ctr mounts no cgroups in the container, so they are read on the host. */
const cgroup = `/sys/fs/cgroup$(sed s/0::// /proc/${pid}/cgroup)`;

export const containerd: readonly Check[] = [
  { name: "ctr run", script: `${run} echo hello`, output: "hello" },
  { name: "exit status", script: `${run} sh -c 'exit 42'`, status: 42 },
  {
    name: "missing executable",
    script: `${run} no-such-program`,
    status: 1,
    output: /exec: "no-such-program": executable file not found in \$PATH/,
  },
  { name: "not executable", script: `${run} /etc/passwd`, status: 1, output: /permission denied/ },
  {
    name: "terminal",
    script: `script -qec "ctr run $BINARY -t --rm ${image} $C tty" /dev/null </dev/null`,
    output: /\/dev\/pts\/0/,
  },
  {
    name: "task ls, ps, metrics",
    script: `${start} sleep 600; ctr task ls | grep $C; ctr task ps $C; ctr task metrics $C`,
    output: /RUNNING[\s\S]*PID[\s\S]*(memory\.usage|MEMORY)/i,
  },
  {
    name: "task exec",
    script: `${start} sleep 600; ctr task exec --exec-id e1 $C sh -c 'echo inside; exit 6'`,
    status: 6,
    output: "inside",
  },
  {
    name: "task exec with a terminal",
    script: `${start} sleep 600; script -qec "ctr task exec -t --exec-id e2 $C tty" /dev/null </dev/null`,
    output: /\/dev\/pts\/\d/,
  },
  {
    name: "task pause and resume",
    script: `${start} sleep 600; ctr task pause $C; ctr task ls | grep $C; ctr task resume $C; ctr task exec --exec-id e $C echo again`,
    output: /PAUSED[\s\S]*again/,
  },
  {
    name: "task kill and delete",
    script: `${start} sleep 600; ctr task kill -s KILL $C; until_ok sh -c "ctr task ls | grep $C.*STOPPED"; ctr task delete $C || :; ctr container delete $C; ctr container ls -q | grep -c $C || :`,
    output: /0\s*$/,
  },
  {
    name: "task kill of a stopped task: not found",
    script: `${start} true; until_ok sh -c "ctr task ls | grep $C.*STOPPED"; ctr task kill $C`,
    status: 1,
    output: /not found|already finished|not running/,
  },
  {
    name: "limits",
    script: `ctr run $BINARY -d --memory-limit 67108864 --cpus 0.5 ${image} $C sleep 600; cat ${cgroup}/memory.max ${cgroup}/cpu.max`,
    output: "67108864\n50000 100000",
  },
  {
    name: "read-only root and mounts",
    script: `ctr run $BINARY --rm --read-only --mount type=bind,src=/etc,dst=/host,options=rbind:ro ${image} $C sh -c 'test -s /host/passwd && touch /f'`,
    status: 1,
    output: /Read-only/,
  },
  {
    name: "seccomp and capabilities",
    script: `ctr run $BINARY --rm --seccomp --cap-drop CAP_CHOWN ${image} $C grep -E 'Seccomp:|CapBnd' /proc/self/status`,
    output: /CapBnd:\s+\w*[02468ace]\nSeccomp:\s+2/,
  },
  {
    name: "--privileged --net-host",
    script: `ctr run $BINARY --rm --privileged --net-host ${image} $C sh -c 'ls /sys/class/net | grep -c docker0'`,
    output: "1",
  },
  {
    name: "user namespace",
    script: `ctr run $BINARY --rm --uidmap 0:200000:65536 --gidmap 0:200000:65536 --snapshotter overlayfs --remap-labels ${image} $C cat /proc/self/uid_map`,
    output: /^\s*0\s+200000\s+65536/,
  },
  {
    name: "with systemd's cgroups",
    script: `ctr run $BINARY -d --runc-systemd-cgroup --cgroup system.slice:ctr:$C ${image} $C sleep 600; d=${cgroup}; echo $d; ctr task kill -s KILL $C; until_ok sh -c "ctr task ls | grep $C.*STOPPED"; ctr task delete $C >/dev/null 2>&1 || :; until_ok test ! -d $d; echo gone`,
    output: /system\.slice\/ctr-\w+\.scope\ngone/,
  },
  {
    name: "ten at once",
    script: `for i in $(seq 10); do ctr run $BINARY --rm ${image} $C-$i echo done-$i & done | sort -V | tail -n 1; wait`,
    output: "done-10",
    timeoutMs: 300_000,
  },
  {
    name: "the shim is killed",
    script: `${start} sleep 600; pid=${pid}; kill -9 $(ps -o ppid= -p $pid); until_ok sh -c "! ctr task ls | grep -q $C.*RUNNING"; ctr task delete -f $C 2>/dev/null || :; ctr container delete $C; until_ok test ! -d /proc/$pid; ls /run/containerd/runc/default 2>/dev/null | grep -c $C || :`,
    output: "0",
  },
  {
    name: "containerd restarts under a running task",
    script: `${start} sleep 600; systemctl restart containerd; until_ok ctr version; ctr task exec --exec-id e $C echo alive`,
    output: "alive",
  },
];
