/** Podman with conmon, as root and as an ordinary user. */
import type { Check } from "../check.ts";

const run = "podman run --rm --network none";
const start = "podman run -d --name $C --network none";
const sleeper = `${start} busybox sleep 600 >/dev/null`;
const status = "podman inspect -f '{{.State.Status}}' $C";

/** Checks for every user. */
export const podman: readonly Check[] = [
  { name: "run", script: `${run} busybox echo hello`, output: "hello" },
  {
    name: "runtime is the one under test",
    script: `${sleeper}; podman inspect -f '{{.OCIRuntime}}' $C; podman info -f '{{.Host.OCIRuntime.Name}}'`,
    output: /^(bunc|runc)\n\1\s*$/,
  },
  { name: "exit status", script: `${run} busybox sh -c 'exit 42'`, status: 42 },
  {
    name: "missing executable: 127",
    script: `${run} busybox no-such-program`,
    status: 127,
    output: /executable file.*not found in \$PATH/,
  },
  {
    name: "not executable: 126",
    script: `${run} busybox /etc/passwd`,
    status: 126,
    output: /permission denied/i,
  },
  { name: "wrong flag: 125", script: "podman run --no-such-flag busybox", status: 125 },
  { name: "standard input", script: `echo through | ${run} -i busybox cat`, output: "through" },
  {
    name: "terminal and window size",
    script:
      "script -qec 'stty rows 33 cols 77; podman run --rm -it --network none busybox stty size' /dev/null </dev/null",
    output: /33 77/,
  },
  {
    name: "logs",
    script: `${start} busybox sh -c 'echo one; echo two >&2' >/dev/null; podman wait $C >/dev/null; podman logs $C 2>&1 | sort`,
    output: "one\ntwo",
  },
  {
    name: "create, start, wait, rm",
    script: `podman create --name $C --network none busybox sh -c 'exit 3' >/dev/null; ${status}; podman start $C >/dev/null; podman wait $C; ${status}; podman rm $C >/dev/null`,
    output: "created\n3\nexited",
  },
  {
    name: "start --attach",
    script: `podman create --name $C --network none busybox sh -c 'echo attached; exit 5' >/dev/null; podman start --attach $C`,
    status: 5,
    output: "attached",
  },
  {
    name: "attach",
    // attach itself succeeds whatever the container's exit code.
    script: `${start} -i busybox sh >/dev/null; (sleep 2; echo 'echo attached'; sleep 2; echo 'exit 5'; sleep 2) | podman attach $C; podman wait $C`,
    output: "attached\n\n5",
  },
  {
    name: "exec",
    script: `${sleeper}; podman exec -u 12 -w /etc -e A=b $C sh -c 'id -u; pwd; echo $A; exit 9'`,
    status: 9,
    output: "12\n/etc\nb",
  },
  {
    name: "exec -it",
    script: `${sleeper}; script -qec "podman exec -it $C tty" /dev/null </dev/null`,
    output: /\/dev\/pts\/\d/,
  },
  {
    name: "exec: missing executable",
    script: `${sleeper}; podman exec $C no-such-program`,
    status: 127,
    output: /executable file.*not found in \$PATH/,
  },
  {
    name: "exec: not executable",
    script: `${sleeper}; podman exec $C /etc/passwd`,
    status: 126,
    output: /permission denied/i,
  },
  {
    name: "exec -d",
    script: `${sleeper}; podman exec -d $C touch /made >/dev/null; until_ok podman exec $C test -e /made; echo made`,
    output: "made",
  },
  {
    name: "stop with SIGTERM",
    script: `${start} busybox sh -c 'trap "exit 8" TERM; while :; do sleep 0.1; done' >/dev/null; sleep 1; podman stop $C >/dev/null; podman inspect -f '{{.State.ExitCode}}' $C`,
    output: "8",
  },
  {
    name: "kill -s",
    script: `${start} busybox sh -c 'trap "exit 11" HUP; while :; do sleep 0.1; done' >/dev/null; sleep 1; podman kill -s HUP $C >/dev/null; podman wait $C`,
    output: "11",
  },
  {
    name: "restart",
    script: `${sleeper}; a=$(podman inspect -f '{{.State.Pid}}' $C); podman restart -t 0 $C >/dev/null; b=$(podman inspect -f '{{.State.Pid}}' $C); test $a != $b; ${status}`,
    output: "running",
  },
  {
    name: "rm -f",
    script: `${sleeper}; podman rm -f -t 0 $C >/dev/null; podman ps -aq --filter name=$C | wc -l`,
    output: "0",
  },
  { name: "top", script: `${sleeper}; podman top $C`, output: /PID[\s\S]*sleep 600/ },
  {
    name: "cp, diff, commit",
    script: `${sleeper}; echo content >/tmp/$C-f; podman cp /tmp/$C-f $C:/copied; podman diff $C | grep copied; podman commit -q $C $C >/dev/null; podman rm -f -t 0 $C >/dev/null; ${run} $C cat /copied; podman rmi $C >/dev/null`,
    output: /A \/copied\ncontent/,
  },
  {
    name: "--user, --hostname, --env, --workdir",
    script: `${run} --user 1234 --hostname box -e A=b -w /etc busybox sh -c 'id -u; hostname; echo $A; pwd'`,
    output: "1234\nbox\nb\n/etc",
  },
  {
    name: "--read-only, --tmpfs",
    script: `${run} --read-only --tmpfs /s:size=1m busybox sh -c 'touch /s/f; grep -c " /s .*size=1024k" /proc/mounts; touch /f'`,
    status: 1,
    output: /^1\n.*Read-only/,
  },
  {
    name: "--cap-drop, --cap-add",
    script: `${run} --cap-drop all --cap-add chown busybox grep CapEff /proc/self/status`,
    output: /0000000000000001/,
  },
  {
    name: "no-new-privileges",
    script: `${run} --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status`,
    output: /1/,
  },
  {
    name: "seccomp: default and unconfined",
    script: `${run} busybox grep Seccomp: /proc/self/status; ${run} --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status`,
    output: /2\s+Seccomp:\s+0/,
  },
  {
    name: "--ulimit",
    script: `${run} --ulimit nofile=64:128 busybox sh -c 'ulimit -Sn; ulimit -Hn'`,
    output: "64\n128",
  },
  {
    name: "--sysctl",
    script: `${run} --sysctl net.ipv4.ip_forward=1 busybox cat /proc/sys/net/ipv4/ip_forward`,
    output: "1",
  },
  {
    name: "--init",
    script: `${run} --init --init-path /usr/bin/docker-init busybox cat /proc/1/comm`,
    output: /init|tini/,
    status: 0,
  },
  {
    name: "bind mount, volume",
    script: `mkdir -p /tmp/$C; echo a >/tmp/$C/f; podman volume create $C >/dev/null; ${run} -v /tmp/$C:/data:ro -v $C:/v busybox sh -c 'cat /data/f; echo kept >/v/f'; ${run} -v $C:/v busybox cat /v/f; podman volume rm $C >/dev/null`,
    output: "a\nkept",
  },
  {
    name: "image mount",
    script: `${run} --mount type=image,source=busybox,destination=/i busybox ls /i/bin/busybox`,
    output: "/i/bin/busybox",
  },
  {
    name: "--pid, --ipc, --uts of the host",
    script: `${run} --pid host --ipc host --uts host busybox sh -c 'readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts'; readlink /proc/self/ns/ipc /proc/self/ns/uts`,
    output: /^(\S+)\n(\S+)\n\1\n\2\s*$/,
  },
  {
    name: "network host",
    script: "podman run --rm --network host busybox readlink /proc/self/ns/net; readlink /proc/self/ns/net",
    output: /^(net:\S+)\n\1\s*$/,
  },
  {
    name: "network of another container",
    script: `${sleeper}; podman run --rm --network container:$C busybox ls /sys/class/net`,
    output: /lo/,
  },
  {
    name: "the default network",
    script: "podman run --rm busybox sh -c 'ip route | grep -c default'",
    output: "1",
  },
  {
    name: "pod",
    script:
      "podman pod create --name $C --network none --infra-image busybox --infra-command 'sleep 600' >/dev/null; podman run -d --pod $C --name $C-a busybox sleep 600 >/dev/null; podman run --rm --pod $C busybox sh -c 'readlink /proc/self/ns/uts'; podman exec $C-a readlink /proc/self/ns/uts; podman pod rm -f -t 0 $C >/dev/null",
    output: /^(uts:\S+)\n\1\s*$/,
  },
  {
    name: "healthcheck",
    script: `${start} --health-cmd 'test -e /etc/passwd' --health-interval disable busybox sleep 600 >/dev/null; podman healthcheck run $C; podman inspect -f '{{.State.Health.Status}}' $C`,
    output: /healthy/,
  },
  {
    name: "restart policy",
    script: `podman run -d --name $C --network none --restart on-failure:2 busybox false >/dev/null; until_ok sh -c "podman inspect -f '{{.RestartCount}} {{.State.Status}}' $C | grep '2 exited'"; podman inspect -f '{{.RestartCount}}' $C`,
    output: "2",
  },
  {
    name: "--uidmap",
    script: "podman run --rm --network none --uidmap 0:1:1000 busybox cat /proc/self/uid_map",
    output: /^\s*0\s+1\s+1000/,
  },
  {
    name: "build",
    script:
      'd=/tmp/$C-d; mkdir -p $d; printf \'FROM busybox\\nRUN echo built >/made\\nCMD ["cat","/made"]\\n\' >$d/Containerfile; podman build -q --network none -t $C $d >/dev/null; podman run --rm --network none $C; podman rmi $C >/dev/null',
    output: "built",
  },
  {
    name: "--preserve-fds",
    script: `exec 3<<<descriptor; ${run} --preserve-fds 1 busybox sh -c 'cat <&3'`,
    output: "descriptor",
  },
  {
    name: "--annotation, --label, inspect",
    script: `${start} --annotation color=blue busybox sleep 600 >/dev/null; podman inspect -f '{{.Config.Annotations}}' $C`,
    output: /color:blue/,
  },
  {
    name: "--sdnotify=container",
    script: `${start} --sdnotify=ignore busybox sleep 600 >/dev/null; ${status}`,
    output: "running",
  },
  {
    name: "ten at once",
    script: `for i in $(seq 10); do ${run} --name $C-$i busybox echo done-$i & done | sort -V | tail -n 1; wait`,
    output: "done-10",
    timeoutMs: 400_000,
  },
  {
    name: "conmon is killed",
    script: `${sleeper}; pid=$(podman inspect -f '{{.State.Pid}}' $C); kill -9 $(podman inspect -f '{{.State.ConmonPid}}' $C); podman rm -f -t 0 $C >/dev/null 2>&1; podman ps -aq --filter name=$C | wc -l; test ! -d /proc/$pid || grep State /proc/$pid/status`,
    output: "0",
  },
];

/** Checks that need controllers or privileges that only root has by default. */
export const podmanLimits: readonly Check[] = [
  {
    name: "--memory, --memory-swap",
    script: `${run} --memory 64m --memory-swap 96m busybox cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max`,
    output: "67108864\n33554432",
  },
  { name: "--cpus", script: `${run} --cpus 0.5 busybox cat /sys/fs/cgroup/cpu.max`, output: "50000 100000" },
  { name: "--pids-limit", script: `${run} --pids-limit 9 busybox cat /sys/fs/cgroup/pids.max`, output: "9" },
  {
    name: "update",
    script: `${sleeper}; podman update --memory 128m --cpus 1.5 --pids-limit 77 $C >/dev/null; podman exec $C cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max`,
    output: "134217728\n150000 100000\n77",
  },
  {
    name: "pause and unpause",
    script: `${sleeper}; podman pause $C >/dev/null; ${status}; podman unpause $C >/dev/null; ${status}`,
    output: "paused\nrunning",
  },
  {
    name: "stats",
    script: `${sleeper}; podman stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' $C`,
    output: /^\d+ [\d.]+[kM]B/,
  },
  {
    name: "OOM is reported",
    // conmon 2.1 stops watching memory.events if its first change is not an OOM, and reads it once more at the end,
    // unless systemd has removed the scope by then. The sleeping process outlives the container's init and keeps it.
    script: `${start} --pid host --memory 16m --memory-swap 16m busybox sh -c 'sleep 9 >/dev/null 2>&1 & x=a; while :; do x=$x$x; done' >/dev/null; podman wait $C; podman inspect -f '{{.State.OOMKilled}}' $C`,
    output: "137\ntrue",
  },
];

export const podmanRoot: readonly Check[] = [
  ...podman,
  ...podmanLimits,
  {
    name: "container checkpoint and restore",
    script: `${start} busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done' >/dev/null; until_ok sh -c "podman logs $C | grep -qx 5"; podman container checkpoint $C >/dev/null; ${status}; before=$(podman logs $C | tail -n 1); podman container restore $C >/dev/null; ${status}; until_ok sh -c "test \\$(podman logs $C | tail -n 1) -gt $((before + 3))"; echo goes on`,
    output: /exited\s+running\s+goes on/,
  },
  {
    name: "--cpuset-cpus, --cpu-shares",
    script: `${run} --cpuset-cpus 1 --cpu-shares 512 busybox sh -c 'cat /sys/fs/cgroup/cpuset.cpus; cat /sys/fs/cgroup/cpu.weight'`,
    output: /^1\n\d+\s*$/,
  },
  {
    name: "--blkio-weight, --device-read-bps",
    script: `${run} --device-read-bps /dev/vda:1mb busybox cat /sys/fs/cgroup/io.max`,
    output: /rbps=1048576/,
  },
  {
    name: "--device",
    script: `${run} --device /dev/vda:/dev/disk:r busybox sh -c 'head -c 4 /dev/disk | wc -c'`,
    output: "4",
  },
  {
    name: "AppArmor of containers-default",
    script: `${run} busybox cat /proc/self/attr/current`,
    output: /containers-default.*enforce|unconfined/,
  },
  {
    name: "--privileged",
    script: `${run} --privileged busybox sh -c 'mount -t tmpfs none /mnt && echo mounted'`,
    output: "mounted",
  },
  {
    name: "--userns auto",
    script: "podman run --rm --network none --userns auto:size=4096 busybox cat /proc/self/uid_map",
    output: /^\s*0\s+\d+\s+4096/,
  },
  {
    name: "systemd in the cgroup's place",
    script: `${sleeper}; cat /proc/$(podman inspect -f '{{.State.Pid}}' $C)/cgroup`,
    output: /libpod/,
  },
];

/** With `--cgroup-manager=cgroupfs`. */
export const podmanCgroupfs: readonly Check[] = [
  ...podmanLimits,
  {
    name: "where the cgroup is",
    script: `${sleeper}; cat /proc/$(podman inspect -f '{{.State.Pid}}' $C)/cgroup`,
    output: /0::\/libpod_parent\/libpod-\w+/,
  },
  {
    name: "no cgroup is left",
    script: `${run} --name $C busybox true; find /sys/fs/cgroup/libpod_parent -mindepth 1 -name 'libpod-*' -type d | grep -vc conmon || :`,
    output: "0",
  },
];
