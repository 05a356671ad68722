/** Image builds: each RUN step is a container of the daemon's default runtime. */
import type { Check } from "../check.ts";
import { installSnippet } from "../install-doc.ts";

const context =
  'd=/tmp/$C; mkdir -p $d; printf \'FROM busybox\\nRUN echo built >/made && id -u\\nRUN test -s /made && mkdir -p /deep/er\\nWORKDIR /deep\\nCMD ["cat","/made"]\\n\' >$d/Dockerfile';
const run = "docker run --rm --network none $C; docker rmi $C >/dev/null";

export const dockerBuild: readonly Check[] = [
  {
    name: "classic builder",
    script: `${context}; DOCKER_BUILDKIT=0 docker build -q -t $C $d >/dev/null; ${run}`,
    output: /built\s*$/,
  },
  {
    name: "classic builder: a failing step",
    script:
      "d=/tmp/$C; mkdir -p $d; printf 'FROM busybox\\nRUN exit 9\\n' >$d/Dockerfile; DOCKER_BUILDKIT=0 docker build $d",
    status: 9,
    output: /returned a non-zero code: 9/,
  },
  {
    name: "BuildKit",
    script: `${context}; DOCKER_BUILDKIT=1 docker build -q --network none -t $C $d >/dev/null; ${run}`,
    output: "built",
    timeoutMs: 400_000,
  },
  {
    name: "BuildKit: a failing step",
    script:
      "d=/tmp/$C; mkdir -p $d; printf 'FROM busybox\\nRUN exit 9\\n' >$d/Dockerfile; DOCKER_BUILDKIT=1 docker build --network none $d",
    status: 1,
    output: /exit code: 9/,
  },
  {
    name: "BuildKit: tmpfs, cache and secret mounts",
    script: `d=/tmp/$C; mkdir -p $d; echo hidden >$d/s; printf 'FROM busybox\\nRUN --mount=type=tmpfs,target=/t --mount=type=cache,target=/c --mount=type=secret,id=s cat /run/secrets/s >/made; touch /t/x /c/y\\nCMD ["cat","/made"]\\n' >$d/Dockerfile; DOCKER_BUILDKIT=1 docker build -q --network none --secret id=s,src=$d/s -t $C $d >/dev/null; ${run}`,
    output: "hidden",
  },
  {
    name: "FROM scratch: an image of bunc alone runs a container",
    script: [
      "d=/tmp/$C; mkdir -p $d/bundle/rootfs; cp /usr/local/bin/bunc $d; cp -a /scratch/image/. $d/bundle/rootfs",
      "bunc spec --bundle $d/bundle --no-terminal --hostname nested --args sh --args -c --args 'hostname; echo $$'",
      `cat >$d/Dockerfile <<'END'\n${installSnippet("from-scratch")}\nEND`,
      "DOCKER_BUILDKIT=0 docker build -q -t $C $d >/dev/null",
      "docker run --rm --network none --privileged $C",
      "docker rmi $C >/dev/null",
    ].join("\n"),
    output: /\bnested\n1\s*$/,
    timeoutMs: 400_000,
  },
];

export const dockerRemapped: readonly Check[] = [
  {
    name: "root is an ordinary user outside",
    script:
      "docker run -d --name $C --network none busybox sleep 600 >/dev/null; docker exec $C id -u; stat -c %u /proc/$(docker inspect -f '{{.State.Pid}}' $C)",
    output: /^0\n[1-9]\d{4,}\s*$/,
  },
  {
    name: "uid_map",
    script: "docker run --rm --network none busybox cat /proc/self/uid_map",
    output: /^\s*0\s+[1-9]\d{4,}\s+65536\s*$/,
  },
  {
    name: "files belong to the container's root",
    script: "docker run --rm --network none busybox stat -c '%u %g' /etc/passwd",
    output: "0 0",
  },
  {
    name: "bridge, sysctl, tmpfs",
    script:
      "docker run --rm --sysctl net.ipv4.ip_forward=1 --tmpfs /t busybox sh -c 'touch /t/f; ip -4 addr show eth0 | grep -c inet'",
    output: "1",
  },
  {
    name: "exec and pause",
    script:
      "docker run -d --name $C --network none busybox sleep 600 >/dev/null; docker pause $C >/dev/null; docker unpause $C >/dev/null; docker exec -u 5:6 $C id -u",
    output: "5",
  },
  {
    name: "limits",
    script:
      "docker run --rm --network none --memory 64m --pids-limit 20 busybox cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max",
    output: "67108864\n20",
  },
  {
    name: "terminal",
    script:
      "script -qec 'docker run --rm -it --network none busybox sh -c \"tty; stat -c %u /dev/console\"' /dev/null </dev/null",
    output: /\/dev\/pts\/0/,
  },
  {
    name: "--userns host leaves it out",
    script: "docker run --rm --network none --userns host busybox cat /proc/self/uid_map",
    output: /0 +0 +4294967295/,
  },
];

export const dockerLiveRestore: readonly Check[] = [
  {
    name: "containers outlive the daemon",
    script:
      "docker run -d --name $C --network none busybox sleep 600 >/dev/null; a=$(docker inspect -f '{{.State.Pid}}' $C); systemctl restart docker; b=$(docker inspect -f '{{.State.Pid}}' $C); test $a = $b; docker exec $C echo alive; docker stop -t 0 $C >/dev/null; docker inspect -f '{{.State.Status}}' $C",
    output: "alive\nexited",
  },
  {
    name: "the end of a container while the daemon is away",
    script:
      "docker run -d --name $C --network none busybox sh -c 'sleep 8; exit 4' >/dev/null; systemctl stop docker.socket docker; sleep 9; systemctl start docker; docker wait $C",
    output: "4",
  },
  {
    name: "the daemon is killed",
    // systemd limits a service to three starts a minute, and the earlier checks have used them up.
    script:
      "systemctl reset-failed docker || :; docker run -d --name $C --network none busybox sleep 600 >/dev/null; systemctl kill -s KILL docker; until_ok docker info; docker exec $C echo alive; docker rm -f $C >/dev/null; docker ps -aq --filter name=$C | wc -l",
    output: "alive\n0",
  },
];
