/** The life of a container under Docker, from `create` to `rm`, and the commands that act on a running one. */
import type { Check } from "../check.ts";

const sleeper = "docker run --network none -d --name $C busybox sleep 600 >/dev/null";
const status = "docker inspect -f '{{.State.Status}}' $C";

/** The state that the runtime and the shim keep of the container `$id`. */
const places = "/run/docker/runtime-runc/moby/$id /run/containerd/io.containerd.runtime.v2.task/moby/$id";

export const dockerLife: readonly Check[] = [
  {
    name: "create, start, wait, rm",
    script: `docker create --network none --name $C busybox sh -c 'exit 3' >/dev/null; ${status}; docker start $C >/dev/null; docker wait $C; ${status}; docker rm $C >/dev/null`,
    output: "created\n3\nexited",
  },
  {
    name: "start -a",
    script: "docker create --network none --name $C busybox echo attached >/dev/null; docker start -a $C",
    output: "attached",
  },
  {
    name: "logs",
    script:
      "docker run --network none --name $C busybox sh -c 'echo one; echo two >&2' >/dev/null 2>&1; docker logs $C 2>&1 | sort",
    output: "one\ntwo",
  },
  {
    name: "logs -f ends with the container",
    script:
      "docker run --network none -d --name $C busybox sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done' >/dev/null; docker logs -f $C",
    output: "1\n2\n3",
  },
  {
    name: "attach",
    script:
      "docker run --network none -di --name $C busybox sh >/dev/null; (sleep 2; echo 'echo attached'; sleep 2; echo 'exit 5'; sleep 2) | docker attach $C",
    status: 5,
    output: "attached",
  },
  { name: "exec", script: `${sleeper}; docker exec $C echo inside`, output: "inside" },
  { name: "exec -i", script: `${sleeper}; echo in | docker exec -i $C cat`, output: "in" },
  { name: "exec: exit status", script: `${sleeper}; docker exec $C sh -c 'exit 9'`, status: 9 },
  {
    name: "exec: user, directory, environment",
    script: `${sleeper}; docker exec -u 12:34 -w /etc -e A=b $C sh -c 'id -u; id -g; pwd; echo $A'`,
    output: "12\n34\n/etc\nb",
  },
  {
    name: "exec: missing executable",
    script: `${sleeper}; docker exec $C no-such-program`,
    status: 127,
    output: /executable file not found in \$PATH/,
  },
  {
    name: "exec: not executable",
    script: `${sleeper}; docker exec $C /etc/passwd`,
    status: 126,
    output: /permission denied/,
  },
  {
    name: "exec -d",
    script: `${sleeper}; docker exec -d $C touch /made; until_ok docker exec $C test -e /made; echo made`,
    output: "made",
  },
  {
    name: "exec --privileged",
    script: `${sleeper}; docker exec --privileged $C grep CapEff /proc/self/status`,
    output: /1ffffffffff/,
  },
  {
    name: "exec -it with a resize",
    script: `${sleeper}; script -qec "stty rows 30 cols 60; (sleep 5; stty rows 41 cols 91 </dev/tty) & docker exec -it $C sh -c 'stty size; sleep 12; stty size'" /dev/null </dev/null`,
    output: /30 60[\s\S]*41 91/,
  },
  {
    name: "twenty execs at once",
    script: `${sleeper}; for i in $(seq 20); do docker exec $C echo exec-$i & done | sort -V | tail -n 1; wait`,
    output: "exec-20",
    timeoutMs: 400_000,
  },
  {
    name: "checkpoint, and start from it",
    script: `docker run -d --name $C --network none busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done' >/dev/null; until_ok sh -c "docker logs $C | grep -qx 5"; docker checkpoint create $C first; docker inspect -f '{{.State.Status}}' $C; before=$(docker logs $C | tail -n 1); docker start --checkpoint first $C; docker inspect -f '{{.State.Status}}' $C; until_ok sh -c "test \\$(docker logs $C | tail -n 1) -gt $((before + 3))"; echo goes on`,
    output: /first\s+exited\s+running\s+goes on/,
  },
  {
    name: "stop with SIGTERM",
    script: `docker run --network none -d --name $C busybox sh -c 'trap "exit 8" TERM; while :; do sleep 0.1; done' >/dev/null; sleep 1; docker stop $C >/dev/null; docker inspect -f '{{.State.ExitCode}}' $C`,
    output: "8",
  },
  {
    name: "stop kills in the end",
    script: `docker run --network none -d --name $C busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done' >/dev/null; sleep 1; docker stop -t 1 $C >/dev/null; docker inspect -f '{{.State.ExitCode}}' $C`,
    output: "137",
  },
  {
    name: "kill -s",
    script: `docker run --network none -d --name $C busybox sh -c 'trap "exit 11" HUP; while :; do sleep 0.1; done' >/dev/null; sleep 1; docker kill -s HUP $C >/dev/null; docker wait $C`,
    output: "11",
  },
  {
    name: "kill of a stopped container",
    script: "docker run --network none --name $C busybox true; docker kill $C",
    status: 1,
    output: /is not running/,
  },
  {
    name: "restart",
    script: `${sleeper}; a=$(docker inspect -f '{{.State.Pid}}' $C); docker restart -t 0 $C >/dev/null; b=$(docker inspect -f '{{.State.Pid}}' $C); test $a != $b; ${status}`,
    output: "running",
  },
  {
    name: "rm refuses, rm -f removes",
    script: `${sleeper}; (docker rm $C 2>&1 || :) | grep -o 'container is running'; docker rm -f $C >/dev/null; docker ps -aq --filter name=$C | wc -l`,
    output: /container is running\n0/,
  },
  {
    name: "pause and unpause",
    script: `${sleeper}; docker pause $C >/dev/null; ${status}; docker exec $C true 2>&1 | grep -o 'is paused' || :; docker unpause $C >/dev/null; ${status}; docker exec $C echo again`,
    output: "paused\nis paused\nrunning\nagain",
  },
  {
    name: "stop of a paused container",
    script: `${sleeper}; docker pause $C >/dev/null; docker rm -f $C >/dev/null; docker ps -aq --filter name=$C | wc -l`,
    output: "0",
  },
  { name: "top", script: `${sleeper}; docker top $C`, output: /PID[\s\S]*sleep 600/ },
  {
    name: "top with options of ps",
    script: `${sleeper}; docker top $C -o pid,comm`,
    output: /PID\s+COMMAND\n\d+\s+sleep/,
  },
  {
    name: "stats",
    script: `${sleeper}; docker stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' $C`,
    output: /^1 [\d.]+[KM]iB \//,
  },
  {
    name: "events",
    script:
      "s=$(date +%s); docker run --network none --rm --name $C busybox true; sleep 1; docker events --since $s --until $(($(date +%s)+1)) --filter container=$C --format '{{.Action}}' | tr '\\n' ' '",
    output: /create .*start .*die .*destroy/,
  },
  {
    name: "cp in and out",
    script: `${sleeper}; echo content >/tmp/$C; docker cp /tmp/$C $C:/copied; docker exec $C cat /copied; docker cp $C:/copied - | tar -xO`,
    output: /content\n(.*\n)*content/,
  },
  {
    name: "diff and commit",
    script:
      "docker run --network none --name $C busybox touch /new; docker diff $C; docker commit $C committed >/dev/null; docker run --network none --rm committed ls /new; docker rmi committed >/dev/null",
    output: /A \/new\n\/new/,
  },
  {
    name: "export",
    script:
      "docker create --network none --name $C busybox true >/dev/null; docker export $C | tar t | grep -c bin/busybox",
    output: "1",
  },
  {
    name: "rename and port",
    script:
      "docker run -d -p 18080:80 --name $C busybox sleep 60 >/dev/null; docker rename $C $C-new; docker port $C-new",
    output: /80\/tcp -> 0\.0\.0\.0:18080/,
  },
  {
    name: "inspect names the runtime and the pid",
    script: `${sleeper}; docker inspect -f '{{.HostConfig.Runtime}}' $C; test -d /proc/$(docker inspect -f '{{.State.Pid}}' $C)`,
    output: /bunc|runc/,
  },
  {
    name: "restart policy on-failure",
    script:
      "docker run --network none -d --name $C --restart on-failure:2 busybox false >/dev/null; until_ok sh -c \"docker inspect -f '{{.RestartCount}} {{.State.Status}}' $C | grep '2 exited'\"; docker inspect -f '{{.RestartCount}} {{.State.ExitCode}}' $C",
    output: "2 1",
  },
  {
    name: "restart policy always",
    script: `docker run --network none -d --name $C --restart always busybox sleep 600 >/dev/null; kill -9 $(docker inspect -f '{{.State.Pid}}' $C); until_ok sh -c "docker inspect -f '{{.RestartCount}} {{.State.Status}}' $C | grep '1 running'"; docker exec $C echo back`,
    output: "back",
  },
  {
    name: "healthcheck: healthy",
    script:
      "docker run --network none -d --name $C --health-cmd 'test -e /etc/passwd' --health-interval 1s busybox sleep 600 >/dev/null; until_ok sh -c \"docker inspect -f '{{.State.Health.Status}}' $C | grep -x healthy\"; echo healthy",
    output: "healthy",
  },
  {
    name: "healthcheck: unhealthy",
    script:
      "docker run --network none -d --name $C --health-cmd 'exit 1' --health-interval 1s --health-retries 1 busybox sleep 600 >/dev/null; until_ok sh -c \"docker inspect -f '{{.State.Health.Status}}' $C | grep -x unhealthy\"; echo unhealthy",
    output: "unhealthy",
  },
  {
    name: "no state is left of a removed container",
    script: `${sleeper}; id=$(docker inspect -f '{{.Id}}' $C); ls -d ${places}; docker rm -f $C >/dev/null; ls -d ${places} 2>/dev/null || echo gone`,
    output: /^(\S+\n){2}gone\s*$/,
  },
  {
    name: "abrupt kill of the shim",
    script: `${sleeper}; id=$(docker inspect -f '{{.Id}}' $C); pid=$(docker inspect -f '{{.State.Pid}}' $C); kill -9 $(ps -o ppid= -p $pid); until_ok sh -c "docker inspect -f '{{.State.Status}}' $C | grep exited"; docker rm -f $C >/dev/null; test ! -d /proc/$pid; ls -d ${places} 2>/dev/null || echo gone`,
    output: "gone",
  },
  {
    name: "start again after the shim was killed",
    script: `${sleeper}; kill -9 $(ps -o ppid= -p $(docker inspect -f '{{.State.Pid}}' $C)); until_ok sh -c "docker inspect -f '{{.State.Status}}' $C | grep exited"; docker start $C >/dev/null; docker exec $C echo again`,
    output: "again",
  },
];
