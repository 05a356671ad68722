/** `docker run`, its exit statuses, terminals, and what a container learns about itself. */
import type { Check } from "../check.ts";

export const dockerRun: readonly Check[] = [
  {
    name: "run prints what the container prints",
    script: "docker run --network none --rm busybox echo hello",
    output: "hello",
  },
  {
    name: "standard error stays apart",
    script: "docker run --network none --rm busybox sh -c 'echo out; echo err >&2' 2>/dev/null",
    output: "out",
  },
  {
    name: "run -i passes standard input on",
    script: "echo through | docker run --network none -i --rm busybox cat",
    output: "through",
  },
  {
    name: "exit status of the program",
    script: "docker run --network none --rm busybox sh -c 'exit 42'",
    status: 42,
  },
  {
    name: "exit status after a signal",
    script: "docker run --network none --rm --init busybox sh -c 'kill -9 $$'",
    status: 137,
  },
  {
    name: "missing executable: 127",
    script: "docker run --network none --rm busybox no-such-program",
    status: 127,
    output: /exec: "no-such-program": executable file not found in \$PATH/,
  },
  {
    name: "missing executable by path: 127",
    script: "docker run --network none --rm busybox /no/such/program",
    status: 127,
    output: /no such file or directory/,
  },
  {
    name: "not executable: 126",
    script: "docker run --network none --rm busybox /etc/passwd",
    status: 126,
    output: /permission denied/,
  },
  {
    name: "a directory: 126",
    script: "docker run --network none --rm busybox /etc",
    status: 126,
    output: /is a directory|permission denied/,
  },
  {
    name: "interpreter that is missing",
    script: "docker run --network none --rm busybox /bin/bad-interpreter",
    status: 127,
    output: /no such file or directory/,
  },
  { name: "wrong flag: 125", script: "docker run --rm --no-such-flag busybox true", status: 125 },
  {
    name: "working directory that is missing is made",
    script: "docker run --network none --rm -w /made/here busybox pwd",
    output: "/made/here",
  },
  {
    name: "working directory that is a file",
    script: "docker run --network none --rm -w /etc/passwd busybox true",
    status: 125,
    output: /not a directory/i,
  },
  {
    name: "run -t has a terminal",
    script: "script -qec 'docker run --network none --rm -it busybox tty' /dev/null </dev/null",
    output: /\/dev\/pts\/0/,
  },
  {
    name: "run -t has the caller's window size",
    script:
      "script -qec 'stty rows 33 cols 77; docker run --network none --rm -it busybox stty size' /dev/null </dev/null",
    output: /33 77/,
  },
  {
    name: "run -it reads what is typed",
    script:
      "(sleep 3; echo 'echo typed-$((40+2))'; sleep 2; echo exit) | script -qec 'docker run --network none --rm -it busybox sh' /dev/null",
    output: /typed-42/,
  },
  {
    name: "environment",
    script: "docker run --network none --rm -e ONE=1 -e TWO='a b' busybox sh -c 'echo \"$ONE $TWO $HOME\"'",
    output: "1 a b /root",
  },
  {
    name: "entrypoint",
    script: "docker run --network none --rm --entrypoint /bin/echo busybox from entrypoint",
    output: "from entrypoint",
  },
  {
    name: "--hostname, --domainname",
    script:
      "docker run --network none --rm --hostname box --domainname example.test busybox sh -c 'hostname; cat /proc/sys/kernel/domainname'",
    output: "box\nexample.test",
  },
  {
    name: "--user by number",
    script: "docker run --network none --rm --user 1234:4321 busybox sh -c 'id -u; id -g'",
    output: "1234\n4321",
  },
  {
    name: "--user by name",
    script: "docker run --network none --rm --user guest busybox id -u",
    output: "405",
  },
  {
    name: "--group-add",
    script: "docker run --network none --rm --user 1000 --group-add 2000 --group-add 3000 busybox id -G",
    output: /2000 3000/,
  },
  {
    name: "--init is pid 1 and reaps",
    script: "docker run --network none --rm --init busybox sh -c 'cat /proc/1/comm; echo $$'",
    output: /(tini|docker-init)\n[^1]/,
  },
  {
    name: "--read-only",
    script: "docker run --network none --rm --read-only busybox touch /file",
    status: 1,
    output: /Read-only file system/,
  },
  {
    name: "--read-only with --tmpfs",
    script:
      "docker run --network none --rm --read-only --tmpfs /scratch:size=1m,mode=1777 busybox sh -c 'touch /scratch/f; grep \" /scratch \" /proc/mounts'",
    output: /tmpfs \/scratch tmpfs rw,.*size=1024k/,
  },
  {
    name: "--shm-size",
    script: "docker run --network none --rm --shm-size 8m busybox df -k /dev/shm",
    output: /8192/,
  },
  {
    name: "--ulimit",
    script:
      "docker run --network none --rm --ulimit nofile=64:128 --ulimit core=0 busybox sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'",
    output: "64\n128\n0",
  },
  {
    name: "--sysctl",
    script:
      "docker run --rm --sysctl net.ipv4.ip_forward=0 --sysctl kernel.msgmax=9000 busybox cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax",
    output: "0\n9000",
  },
  {
    name: "--sysctl outside of the namespaces is refused",
    script: "docker run --network none --rm --sysctl vm.swappiness=1 busybox true",
    status: 125,
  },
  {
    name: "--oom-score-adj",
    script: "docker run --network none --rm --oom-score-adj 321 busybox cat /proc/self/oom_score_adj",
    output: "321",
  },
  {
    name: "--stop-signal",
    script:
      "docker run --network none -d --name $C --stop-signal USR1 busybox sh -c 'trap \"exit 7\" USR1; while :; do sleep 0.1; done'; sleep 1; docker stop $C; docker wait $C",
    output: /7\s*$/,
  },
  {
    name: "--cidfile",
    script: "rm -f /tmp/cid; docker run --network none --rm --cidfile /tmp/cid busybox true; wc -c </tmp/cid",
    output: "64",
  },
  {
    name: "--annotation",
    script:
      "docker run --network none -d --name $C --annotation color=blue busybox sleep 60; docker inspect -f '{{.HostConfig.Annotations}}' $C",
    output: /color:blue/,
  },
  {
    name: "--privileged sees the host's devices",
    script:
      "docker run --network none --rm --privileged busybox sh -c 'test -b /dev/vda && mount -t tmpfs none /mnt && grep CapEff /proc/self/status'",
    output: /CapEff:\s+[0-9a-f]*1ffffffffff/,
  },
  {
    name: "masked and read-only paths",
    script:
      "docker run --network none --rm busybox sh -c 'test -c /proc/kcore && test -z \"$(ls -A /sys/firmware)\" && echo masked; echo x >/proc/sysrq-trigger'",
    status: 1,
    output: /Read-only file system\s+masked|masked\s+.*Read-only file system/,
  },
  {
    name: "fifty containers at once",
    script:
      "for i in $(seq 50); do docker run --network none --rm --name $C-$i busybox echo done-$i & done | sort -V; wait; docker ps -aq --filter name=$C | wc -l",
    output: /done-1\n(.*\n)*done-50\n0/,
    timeoutMs: 900_000,
  },
];
