/** Every resource flag of `docker run` and `docker update`, read back from inside the container. Run with both cgroup drivers. */
import type { Check } from "../check.ts";

const run = "docker run --rm --network none";
const start = "docker run -d --name $C --network none";
const file = (name: string) => `cat /sys/fs/cgroup/${name}`;

export const dockerResources: readonly Check[] = [
  {
    name: "--memory, --memory-swap, --memory-reservation",
    script: `${run} --memory 64m --memory-swap 96m --memory-reservation 32m busybox sh -c '${file("memory.max")}; ${file("memory.swap.max")}; ${file("memory.low")}'`,
    output: "67108864\n33554432\n33554432",
  },
  {
    name: "--cpus, --cpuset-cpus, --cpuset-mems, --pids-limit",
    script: `${run} --cpus 0.5 --cpuset-cpus 1 --cpuset-mems 0 --pids-limit 9 busybox sh -c '${file("cpu.max")}; ${file("cpuset.cpus")}; ${file("cpuset.mems")}; nproc; ${file("pids.max")}'`,
    output: "50000 100000\n1\n0\n1\n9",
  },
  {
    name: "--cpu-quota, --cpu-period, --cpu-shares",
    script: `${run} --cpu-period 20000 --cpu-quota 5000 --cpu-shares 2048 busybox sh -c '${file("cpu.max")}; ${file("cpu.weight")}'`,
    output: /^5000 20000\n\d+\s*$/,
  },
  {
    name: "--pids-limit stops forks",
    script: `${run} --pids-limit 4 busybox sh -c 'for i in 1 2 3 4 5 6; do sleep 1 & done'`,
    status: 2,
    output: /can't fork/,
  },
  {
    name: "--blkio-weight",
    script: `${run} --blkio-weight 300 busybox sh -c '${file("io.bfq.weight")} 2>/dev/null || ${file("io.weight")}'`,
    output: /300/,
  },
  {
    name: "--device-read-bps, --device-write-iops",
    script: `${run} --device-read-bps /dev/vda:1mb --device-write-iops /dev/vda:100 busybox ${file("io.max")}`,
    output: /rbps=1048576 wbps=max riops=max wiops=100/,
  },
  {
    name: "--device",
    script: `${run} --device /dev/vda:/dev/disk:r busybox sh -c 'head -c 4 /dev/disk | wc -c; : >>/dev/disk'`,
    status: 1,
    output: /not permitted\s+4|4\s+.*not permitted/i,
  },
  {
    name: "devices that were not given",
    script: `${run} --cap-add MKNOD busybox sh -c 'mknod /tmp/d b 254 0; head -c 1 /tmp/d'`,
    status: 1,
    output: /not permitted/i,
  },
  {
    name: "--device-cgroup-rule",
    script: `${run} --cap-add MKNOD --device-cgroup-rule 'c 1:11 rw' busybox sh -c 'mknod /tmp/d c 1 11; : >/tmp/d && echo open'`,
    output: "open",
  },
  {
    name: "OOM is reported",
    // The first process stays for a moment: on a busy host an empty cgroup may be removed before the shim has read the
    // reason, with any runtime.
    script: `${start} --memory 16m --memory-swap 16m busybox sh -c '(x=a; while :; do x=$x$x; done); s=$?; sleep 2; exit $s' >/dev/null; docker wait $C; docker inspect -f '{{.State.OOMKilled}}' $C`,
    output: "137\ntrue",
  },
  {
    name: "OOM of a child is an event",
    script: `s=$(date +%s); ${start} --memory 16m --memory-swap 16m busybox sh -c "sh -c 'x=a; while :; do x=\\$x\\$x; done'; sleep 2" >/dev/null; docker wait $C >/dev/null; docker events --since $s --until $(($(date +%s)+1)) --filter container=$C --format '{{.Action}}' | grep -c oom`,
    output: /^[1-9]/,
  },
  {
    name: "a limit that is too small for the runtime",
    script: `${run} --memory 6m busybox echo enough`,
    output: "enough",
  },
  {
    name: "update --memory",
    script: `${start} --memory 64m --memory-swap 64m busybox sleep 600 >/dev/null; docker update --memory 128m --memory-swap 160m $C >/dev/null; docker exec $C sh -c '${file("memory.max")}; ${file("memory.swap.max")}'`,
    output: "134217728\n33554432",
  },
  {
    name: "update --cpus",
    script: `${start} busybox sleep 600 >/dev/null; docker update --cpus 1.5 $C >/dev/null; docker exec $C ${file("cpu.max")}`,
    output: "150000 100000",
  },
  {
    name: "update --cpu-shares --cpuset-cpus",
    script: `${start} busybox sleep 600 >/dev/null; a=$(docker exec $C ${file("cpu.weight")}); docker update --cpu-shares 512 --cpuset-cpus 0 $C >/dev/null; b=$(docker exec $C ${file("cpu.weight")}); test $b -lt $a; docker exec $C ${file("cpuset.cpus")}`,
    output: "0",
  },
  {
    name: "update --pids-limit",
    script: `${start} --pids-limit 50 busybox sleep 600 >/dev/null; docker update --pids-limit 77 $C >/dev/null; docker exec $C ${file("pids.max")}; docker update --pids-limit -1 $C >/dev/null; docker exec $C ${file("pids.max")}`,
    output: "77\nmax",
  },
  {
    name: "devices survive an update and a daemon-reload",
    script: `${start} busybox sleep 600 >/dev/null; docker update --cpus 1 $C >/dev/null; systemctl daemon-reload; docker exec $C sh -c 'echo x >/dev/null; head -c 1 /dev/zero | wc -c'`,
    output: "1",
  },
  {
    name: "pause and unpause",
    script: `${start} busybox sleep 600 >/dev/null; docker pause $C >/dev/null; pid=$(docker inspect -f '{{.State.Pid}}' $C); grep frozen /sys/fs/cgroup$(sed s/0:://  /proc/$pid/cgroup)/cgroup.events; docker unpause $C >/dev/null; docker exec $C echo thawed`,
    output: "frozen 1\nthawed",
  },
  {
    name: "where the cgroup is",
    script: `${start} busybox sleep 600 >/dev/null; id=$(docker inspect -f '{{.Id}}' $C); sed "s/$id/ID/" /proc/$(docker inspect -f '{{.State.Pid}}' $C)/cgroup`,
    output: /^0::\/(system\.slice\/docker-ID\.scope|docker\/ID)\s*$/,
  },
  {
    name: "--cgroup-parent",
    script: `parent=/own; docker info -f '{{.CgroupDriver}}' | grep -q systemd && parent=own.slice; ${start} --cgroup-parent $parent busybox sleep 600 >/dev/null; grep -c '^0::/own' /proc/$(docker inspect -f '{{.State.Pid}}' $C)/cgroup`,
    output: "1",
  },
  {
    name: "--cgroupns host",
    script: `${run} --cgroupns host busybox cat /proc/self/cgroup`,
    output: /docker/,
  },
  {
    name: "no cgroup is left",
    script: `${start} busybox true >/dev/null; docker wait $C >/dev/null; id=$(docker inspect -f '{{.Id}}' $C); docker rm $C >/dev/null; find /sys/fs/cgroup -name "*$id*" | wc -l`,
    output: "0",
  },
];
