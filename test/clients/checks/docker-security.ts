/** Capabilities, seccomp, AppArmor, namespaces, volumes and networks of Docker's containers. */
import type { Check } from "../check.ts";

const run = "docker run --rm --network none";
const start = "docker run -d --name $C --network none";

export const dockerSecurity: readonly Check[] = [
  {
    name: "default capabilities",
    script: `${run} busybox grep CapEff /proc/self/status`,
    output: /00000000a80425fb/,
  },
  {
    name: "--cap-add",
    script: `${run} --cap-add SYS_ADMIN busybox mount -t tmpfs none /mnt`,
    status: 255,
    output: /denied/i,
  },
  {
    name: "--cap-add with AppArmor off",
    script: `${run} --cap-add SYS_ADMIN --security-opt apparmor=unconfined busybox sh -c 'mount -t tmpfs none /mnt && echo mounted'`,
    output: "mounted",
  },
  {
    name: "--cap-drop ALL",
    script: `${run} --cap-drop ALL busybox grep CapBnd /proc/self/status`,
    output: /0000000000000000/,
  },
  {
    name: "--cap-drop ALL --cap-add",
    script: `${run} --cap-drop ALL --cap-add CHOWN busybox grep CapEff /proc/self/status`,
    output: /0000000000000001/,
  },
  {
    name: "no-new-privileges",
    script: `${run} --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status`,
    output: /1/,
  },
  {
    name: "seccomp: default profile",
    script: `${run} busybox sh -c 'grep Seccomp: /proc/self/status; unshare -U true'`,
    status: 1,
    output: /Seccomp:\s+2[\s\S]*not permitted/i,
  },
  {
    name: "seccomp: unconfined",
    script: `${run} --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status`,
    output: /0/,
  },
  {
    name: "seccomp: from a file",
    script: `echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' >/tmp/$C.json; ${run} --security-opt seccomp=/tmp/$C.json busybox mkdir /x`,
    status: 1,
    output: /not implemented/i,
  },
  {
    name: "AppArmor: default profile",
    script: `${run} busybox cat /proc/self/attr/current`,
    output: /^docker-default \(enforce\)/,
  },
  {
    name: "AppArmor: of exec too",
    script: `${start} busybox sleep 600 >/dev/null; docker exec $C cat /proc/self/attr/current`,
    output: /^docker-default \(enforce\)/,
  },
  {
    name: "AppArmor: unconfined",
    script: `${run} --security-opt apparmor=unconfined busybox cat /proc/self/attr/current`,
    output: /^unconfined/,
  },
  {
    name: "AppArmor: profile that is not loaded",
    script: `${run} --security-opt apparmor=no-such-profile busybox true`,
    status: 127,
    output: /apparmor/i,
  },
  { name: "--pid host", script: `${run} --pid host busybox sh -c 'cat /proc/1/comm'`, output: "systemd" },
  {
    name: "--pid container",
    script: `${start} busybox sleep 600 >/dev/null; ${run} --pid container:$C busybox ps`,
    output: /1 root +sleep 600/,
  },
  {
    name: "--ipc host",
    script: `${run} --ipc host busybox readlink /proc/self/ns/ipc; readlink /proc/self/ns/ipc`,
    output: /^(ipc:\S+)\n\1\s*$/,
  },
  {
    name: "--ipc shareable, container",
    script: `${start} --ipc shareable busybox sleep 600 >/dev/null; docker exec $C sh -c 'echo shared >/dev/shm/f'; ${run} --ipc container:$C busybox cat /dev/shm/f`,
    output: "shared",
  },
  { name: "--uts host", script: `${run} --uts host busybox hostname; hostname`, output: /^(\S+)\n\1\s*$/ },
  {
    name: "--userns host",
    script: `${run} --userns host busybox cat /proc/self/uid_map`,
    output: /0 +0 +4294967295/,
  },
  {
    name: "bind mount, read and write",
    script: `mkdir -p /tmp/$C; echo a >/tmp/$C/f; ${run} -v /tmp/$C:/data busybox sh -c 'cat /data/f; echo b >/data/g'; cat /tmp/$C/g`,
    output: "a\nb",
  },
  {
    name: "bind mount :ro is recursive",
    script: `mkdir -p /tmp/$C/sub; mount -t tmpfs none /tmp/$C/sub; ${run} -v /tmp/$C:/data:ro busybox touch /data/sub/f || s=$?; umount /tmp/$C/sub; exit $s`,
    status: 1,
    output: /Read-only/,
  },
  {
    name: "bind mount of a file",
    script: `echo content >/tmp/$C; ${run} -v /tmp/$C:/etc/new:ro busybox cat /etc/new`,
    output: "content",
  },
  {
    name: "bind mount whose source is missing",
    script: `${run} --mount type=bind,source=/no/such/dir,target=/x busybox true`,
    status: 125,
    output: /does not exist/,
  },
  {
    name: "named volume",
    script: `docker volume create $C >/dev/null; ${run} -v $C:/v busybox sh -c 'echo kept >/v/f'; ${run} -v $C:/v busybox cat /v/f; docker volume rm $C >/dev/null`,
    output: "kept",
  },
  {
    name: "--volumes-from",
    script: `${start} -v /shared busybox sh -c 'echo mine >/shared/f; sleep 600' >/dev/null; until_ok docker exec $C test -s /shared/f; ${run} --volumes-from $C busybox cat /shared/f`,
    output: "mine",
  },
  {
    name: "propagation rshared",
    script: `mkdir -p /tmp/$C/sub; mount --bind /tmp/$C /tmp/$C; mount --make-rshared /tmp/$C; ${run} --cap-add SYS_ADMIN --security-opt apparmor=unconfined -v /tmp/$C:/p:rshared busybox sh -c 'mount -t tmpfs none /p/sub && touch /p/sub/seen'; ls /tmp/$C/sub; umount -R /tmp/$C`,
    output: "seen",
  },
  {
    name: "propagation rslave",
    script: `mkdir -p /tmp/$C/sub; mount --bind /tmp/$C /tmp/$C; mount --make-rshared /tmp/$C; ${start} -v /tmp/$C:/p:rslave busybox sleep 600 >/dev/null; mount -t tmpfs none /tmp/$C/sub; touch /tmp/$C/sub/seen; docker exec $C ls /p/sub; docker rm -f $C >/dev/null; umount -R /tmp/$C`,
    output: "seen",
  },
  {
    name: "propagation private",
    script: `mkdir -p /tmp/$C/sub; ${start} -v /tmp/$C:/p busybox sleep 600 >/dev/null; mount -t tmpfs none /tmp/$C/sub; touch /tmp/$C/sub/seen; docker exec $C ls /p/sub; umount /tmp/$C/sub`,
    output: "",
  },
  {
    name: "--mount type=tmpfs",
    script: `${run} --mount type=tmpfs,target=/t,tmpfs-size=2m,tmpfs-mode=0700 busybox sh -c 'df -k /t | tail -n 1; stat -c %a /t'`,
    output: /2048[\s\S]*700/,
  },
  {
    name: "--mount with a volume's subdirectory",
    script: `docker volume create $C >/dev/null; ${run} -v $C:/v busybox sh -c 'mkdir /v/sub; echo deep >/v/sub/f'; ${run} --mount type=volume,source=$C,target=/x,volume-subpath=sub busybox cat /x/f; docker volume rm $C >/dev/null`,
    output: "deep",
  },
];

export const dockerNetworks: readonly Check[] = [
  { name: "network none", script: `${run} busybox ls /sys/class/net`, output: /^lo\s*(\w*tnl\w*\s*)*$/ },
  {
    name: "network host",
    script: "docker run --rm --network host busybox readlink /proc/self/ns/net; readlink /proc/self/ns/net",
    output: /^(net:\S+)\n\1\s*$/,
  },
  {
    name: "network bridge",
    script:
      "docker run --rm busybox sh -c 'ip -4 addr show eth0 | grep -c inet; ip route | grep -c default; ping -c 1 -W 20 172.17.0.1 >/dev/null && echo reached'",
    output: "1\n1\nreached",
  },
  {
    name: "network container",
    script:
      'docker run -d --name $C busybox sleep 600 >/dev/null; a=$(docker exec $C ip -4 addr show eth0); b=$(docker run --rm --network container:$C busybox ip -4 addr show eth0); test "$a" = "$b" && echo same',
    output: "same",
  },
  {
    name: "own network with names",
    script:
      'docker network create $C >/dev/null; docker run -d --name $C --network $C busybox httpd -f -p 80 >/dev/null; docker run --rm --network $C busybox sh -c "nslookup $C 127.0.0.11 | grep -c Address; wget -qO- http://$C/etc/group" | tail -n 2; docker rm -f $C >/dev/null; docker network rm $C >/dev/null',
    output: /root:x:0/,
  },
  {
    name: "published port",
    script:
      "docker run -d --name $C -p 127.0.0.1:18080:80 busybox httpd -f -p 80 -h /etc >/dev/null; until_ok busybox wget -qO- http://127.0.0.1:18080/group; busybox wget -qO- http://127.0.0.1:18080/group",
    output: /root:x:0/,
  },
  {
    name: "network connect and disconnect",
    script:
      "docker network create $C >/dev/null; docker run -d --name $C busybox sleep 600 >/dev/null; docker network connect $C $C; docker exec $C ls /sys/class/net | grep -c eth; docker network disconnect $C $C; docker exec $C ls /sys/class/net | grep -c eth; docker rm -f $C >/dev/null; docker network rm $C >/dev/null",
    output: "2\n1",
  },
  {
    name: "--dns, --add-host, --mac-address",
    script:
      "docker run --rm --dns 192.0.2.1 --add-host peer:192.0.2.2 --mac-address 02:42:ac:11:00:77 busybox sh -c 'cat /etc/resolv.conf /etc/hosts /sys/class/net/eth0/address'",
    output: /192\.0\.2\.1[\s\S]*192\.0\.2\.2\s+peer[\s\S]*02:42:ac:11:00:77/,
  },
];
