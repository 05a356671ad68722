/**
 * Upgrades in place: the runtime's file is replaced between the steps of a container's life, by renaming, as package
 * managers do. The suite has one build of bunc; the older version is the same program with a record in the oldest format
 * of state.json.
 */
import type { Check } from "./check.ts";

const start = "docker run -d --name $C --network none busybox sleep 600 >/dev/null";
const replace = "install -m 0755 /scratch/upgrade/next $RUNTIME.$C && mv $RUNTIME.$C $RUNTIME";
const state = "/run/docker/runtime-runc/moby/$(docker inspect -f '{{.Id}}' $C)/state.json";

export const upgrade: readonly Check[] = [
  {
    name: "replaced under a running container",
    script: `${start}; ${replace}; docker exec $C echo inside; docker pause $C >/dev/null; docker unpause $C >/dev/null; docker update --pids-limit 33 $C >/dev/null; docker exec $C cat /sys/fs/cgroup/pids.max; docker stop -t 0 $C >/dev/null; docker rm $C >/dev/null`,
    output: "inside\n33",
  },
  {
    name: "replaced between create and start",
    script: `docker create --name $C --network none busybox echo started >/dev/null; ${replace}; docker start -a $C`,
    output: "started",
  },
  {
    name: "replaced under a running exec",
    script: `${start}; docker exec $C sh -c 'sleep 4; echo finished' & sleep 2; ${replace}; wait $!; docker rm -f $C >/dev/null`,
    output: "finished",
  },
  {
    name: "replaced while containers start",
    script: `for i in $(seq 8); do docker run --rm --name $C-$i --network none busybox echo done-$i & sleep 0.3; test $i != 3 || { ${replace}; }; done | sort -V | tail -n 1; wait`,
    output: "done-8",
    timeoutMs: 300_000,
  },
  {
    name: "state of an older version",
    script: `${start}; f=${state}; sed -i 's/"bunc":{"version":[0-9]*/"bunc":{"version":0/' $f; docker exec $C echo inside; docker stop -t 0 $C >/dev/null; docker rm $C >/dev/null; test ! -e $f && echo removed`,
    output: "inside\nremoved",
  },
];
