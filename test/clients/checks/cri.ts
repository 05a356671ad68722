/** containerd's CRI plugin, called through the functions of cri.sh as kubelet calls it. */
import type { Check } from "../check.ts";
import { criFailureChecks } from "../failures-doc.ts";
import { criStreams } from "./cri-streams.ts";

/** Checks that depend on the cgroup driver. */
const criCgroups: readonly Check[] = [
  {
    name: "limits",
    script: `pod; run "linux { resources { memory_limit_in_bytes: 67108864 cpu_period: 100000 cpu_quota: 50000 cpuset_cpus: '1' oom_score_adj: 900 unified { key: 'memory.high' value: '33554432' } } }" sleep 600; inside sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max cpuset.cpus memory.high /proc/self/oom_score_adj'`,
    output: /stdout: "67108864\\n50000 100000\\n1\\n33554432\\n900\\n"/,
  },
  {
    name: "UpdateContainerResources",
    script: `pod; run "linux { resources { memory_limit_in_bytes: 67108864 } }" sleep 600; cri UpdateContainerResources "container_id: '$id' linux { memory_limit_in_bytes: 134217728 cpu_period: 100000 cpu_quota: 150000 cpu_shares: 512 }"; inside sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max'; status`,
    output:
      /stdout: "134217728\\n150000 100000\\n"[\s\S]*resources \{[\s\S]*memory_limit_in_bytes: 134217728/,
  },
  {
    name: "ContainerStats",
    script: `pod; run "" sh -c 'x=$(seq 1000); sleep 600'; cri ContainerStats "container_id: '$id'"`,
    output:
      /cpu \{[\s\S]*usage_core_nano_seconds \{\s+value: [1-9][\s\S]*memory \{[\s\S]*working_set_bytes \{\s+value: [1-9]/,
  },
  {
    name: "PodSandboxStats",
    script: `pod; run "" sleep 600; cri PodSandboxStats "pod_sandbox_id: '$pod'"`,
    output: /linux \{[\s\S]*memory \{[\s\S]*working_set_bytes \{\s+value: [1-9][\s\S]*containers \{/,
  },
  {
    name: "OOMKilled",
    // The first process stays for a moment: an empty cgroup may be removed before the shim has read the reason.
    script: `pod; run "linux { resources { memory_limit_in_bytes: 16777216 memory_swap_limit_in_bytes: 16777216 } }" sh -c '(x=a; while :; do x=$x$x; done); s=$?; sleep 2; exit $s'; until_ok ended; status`,
    output: /exit_code: 137[\s\S]*reason: "OOMKilled"/,
  },
  {
    name: "nothing is left of a pod",
    script: `pod; run "" sleep 600; cri StopPodSandbox "pod_sandbox_id: '$pod'"; cri RemovePodSandbox "pod_sandbox_id: '$pod'"; for name in $pod $id; do find /run/containerd /run/systemd/transient /sys/fs/cgroup -name "*$name*"; grep $name /proc/mounts || :; pgrep -af $name || :; done; echo searched`,
    output: "searched",
  },
];

const runtimeClass: Check = {
  name: "a pod of the RuntimeClass",
  script: `pod; cri PodSandboxStatus "pod_sandbox_id: '$pod' verbose: true"`,
  output: /runtime_handler: "([br]unc)"[\s\S]*binary_name\W+\/usr\/(local\/)?s?bin\/\1\W/,
};

export const cri: readonly Check[] = [
  {
    name: "the handler and what it can do",
    script: `cri Status | grep -A 4 "name: \\"$HANDLER\\""`,
    output: /features \{\s+recursive_read_only_mounts: true\s+user_namespaces: true/,
  },
  runtimeClass,
  {
    name: "exit code and reason",
    script: `pod; run "" sh -c 'exit 42'; until_ok ended; status; run "" true; until_ok ended; status`,
    output: /exit_code: 42[\s\S]*reason: "Error"[\s\S]*reason: "Completed"/,
  },
  {
    name: "log",
    script: `pod; run "" sh -c 'echo one; echo two >&2'; until_ok ended; sort -k 2 $log | cut -d' ' -f 2-`,
    output: "stderr F two\nstdout F one",
  },
  {
    name: "terminal",
    script: `pod; run "tty: true" tty; until_ok ended; cat $log`,
    output: /stdout F \/dev\/pts\/0/,
  },
  {
    name: "ContainerStatus",
    script: `pod; create "envs { key: 'A' value: 'b' } labels { key: 'color' value: 'blue' }" sleep 600; status; cri StartContainer "container_id: '$id'"; status`,
    output: /created_at: \d+\s+image \{[\s\S]*state: CONTAINER_RUNNING[\s\S]*started_at: \d+/,
  },
  {
    name: "ExecSync",
    script: `pod; run "envs { key: 'A' value: 'b' } working_dir: '/etc'" sleep 600; inside sh -c 'pwd; echo $A >&2; exit 7'`,
    output: /stdout: "\/etc\\n"\s+stderr: "b\\n"\s+exit_code: 7/,
  },
  {
    name: "ExecSync: its time is up",
    script: `pod; run "" sleep 600; cri ExecSync "container_id: '$id' cmd: 'sleep' cmd: '600' timeout: 1" || inside sh -c 'ps | grep -c "[s]leep 600"'`,
    output: /code 4: .*timeout[\s\S]*stdout: "1\\n"/,
  },
  {
    name: "ExecSync: missing executable",
    script: `pod; run "" sleep 600; inside no-such-program`,
    status: 1,
    output: /code 2: .*exec failed.*exec: "no-such-program": executable file not found in \$PATH/,
  },
  {
    name: "missing executable: StartError",
    script: `pod; run "" no-such-program || status`,
    output:
      /StartContainer: code 2: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: .*exec: "no-such-program": executable file not found in \$PATH[\s\S]*exit_code: 128[\s\S]*reason: "StartError"/,
  },
  {
    name: "not executable: StartError",
    script: `pod; run "" /etc/passwd || status`,
    output: /StartContainer: code 2: .*permission denied[\s\S]*exit_code: 128[\s\S]*reason: "StartError"/,
  },
  {
    name: "missing working directory is made",
    script: `pod; run "working_dir: '/no/such'" pwd; until_ok ended; cat $log`,
    output: /stdout F \/no\/such/,
  },
  {
    name: "StopContainer with SIGTERM",
    script: `pod; run "" sh -c 'trap "exit 8" TERM; echo ready; while :; do sleep 0.1; done'; until_ok grep ready $log; cri StopContainer "container_id: '$id' timeout: 60"; status`,
    output: /state: CONTAINER_EXITED[\s\S]*exit_code: 8/,
  },
  {
    name: "StopContainer kills in the end",
    script: `pod; run "" sleep 600; cri StopContainer "container_id: '$id' timeout: 1"; status`,
    output: /state: CONTAINER_EXITED[\s\S]*exit_code: 137/,
  },
  {
    name: "RemovePodSandbox ends what runs",
    script: `pod; run "" sleep 600; cri RemovePodSandbox "pod_sandbox_id: '$pod'"; status`,
    status: 1,
    output: /ContainerStatus: code 5: /,
  },
  {
    name: "containers of a pod share its namespaces",
    script: `pod; for i in 1 2; do run "" sleep 600; inside sh -c 'for n in ipc uts net pid; do readlink /proc/self/ns/$n; done'; done`,
    output: /stdout: "(ipc\S+uts\S+net\S+)(pid\S+?)\\n"\s+stdout: "\1(?!\2)pid/,
  },
  {
    name: "pid namespace of the pod",
    script: `namespaces="network: NODE pid: POD"; pod; run "" sleep 600; inside sh -c 'tr "\\\\\\\\0" " " </proc/1/cmdline'`,
    output: /stdout: ".*sleep infinity/,
  },
  {
    name: "user namespace",
    script: `ids="{ host_id: 200000 container_id: 0 length: 65536 }"; namespaces="pid: CONTAINER userns_options { mode: POD uids $ids gids $ids }"; pod; run "mounts { container_path: '/host' host_path: '/etc' readonly: true uidMappings $ids gidMappings $ids }" sleep 600; inside sh -c 'cat /proc/self/uid_map; stat -c %u / /host'`,
    output: /stdout: " *0 +200000 +65536\\n0\\n0\\n"/,
  },
  {
    name: "the pod's network and host name",
    script: `namespaces="pid: CONTAINER"; pod "hostname: 'box'"; ip=$(cri PodSandboxStatus "pod_sandbox_id: '$pod'" | sed -n 's/.*ip: "\\(.*\\)"/\\1/p'); run "" sh -c 'hostname | nc -l -p 80'; sleep 1; busybox nc -w 60 $ip 80 </dev/null`,
    output: "box",
  },
  {
    name: "sysctls of the pod",
    script: `pod "linux { sysctls { key: 'kernel.shm_rmid_forced' value: '1' } }"; run "" sleep 600; inside cat /proc/sys/kernel/shm_rmid_forced`,
    output: /stdout: "1\\n"/,
  },
  {
    name: "user, groups, read-only root",
    script: `pod; run "linux { security_context { run_as_user { value: 1234 } run_as_group { value: 55 } supplemental_groups: 77 readonly_rootfs: true } }" sleep 600; inside sh -c 'id; touch /tmp/f'`,
    output: /uid=1234 gid=55 groups=55,77\\n"\s+stderr: ".*Read-only file system/,
  },
  {
    name: "capabilities, no_new_privs, seccomp",
    script: `pod; run "linux { security_context { no_new_privs: true seccomp { profile_type: RuntimeDefault } capabilities { drop_capabilities: 'ALL' add_capabilities: 'CHOWN' } } }" sleep 600; inside grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status`,
    output: /CapEff:\\t0{15}1\\nNoNewPrivs:\\t1\\nSeccomp:\\t2\\n/,
  },
  {
    name: "masked and read-only paths",
    script: `pod; run "linux { security_context { masked_paths: '/proc/kcore' readonly_paths: '/proc/sys' } }" sleep 600; inside sh -c 'head -c 1 /proc/kcore | wc -c; echo 1 >/proc/sys/vm/compact_memory'`,
    output: /stdout: "0\\n"\s+stderr: ".*Read-only file system/,
  },
  {
    name: "privileged",
    script: `pod "linux { security_context { privileged: true } }"; run "linux { security_context { privileged: true } }" sleep 600; inside sh -c 'mount -t tmpfs none /mnt && echo mounted; ls /dev/vda'`,
    output: /stdout: "mounted\\n\/dev\/vda\\n"/,
  },
  {
    name: "devices",
    script: `pod; run "devices { container_path: '/dev/disk' host_path: '/dev/vda' permissions: 'r' }" sleep 600; inside sh -c 'head -c 4 /dev/disk | wc -c; : >/dev/disk'`,
    output: /stdout: "4\\n"\s+stderr: ".*Operation not permitted/,
  },
  {
    name: "mounts: recursively read-only",
    script: `mkdir -p /tmp/$C/sub; mount -t tmpfs none /tmp/$C/sub; pod; run "mounts { container_path: '/ro' host_path: '/tmp/$C' readonly: true recursive_read_only: true } mounts { container_path: '/rw' host_path: '/tmp/$C' }" sleep 600; inside sh -c 'echo kept >/rw/sub/f; cat /ro/sub/f; touch /ro/sub/g'; cri RemovePodSandbox "pod_sandbox_id: '$pod'"; umount /tmp/$C/sub`,
    output: /stdout: "kept\\n"\s+stderr: ".*Read-only file system/,
  },
  {
    name: "mounts: propagation",
    script: `mkdir -p /tmp/$C/sub; mount --bind /tmp/$C /tmp/$C; mount --make-shared /tmp/$C; pod; run "mounts { container_path: '/data' host_path: '/tmp/$C' propagation: PROPAGATION_HOST_TO_CONTAINER }" sleep 600; mount -t tmpfs none /tmp/$C/sub; touch /tmp/$C/sub/f; inside ls /data/sub; cri RemovePodSandbox "pod_sandbox_id: '$pod'"; umount -R /tmp/$C`,
    output: /stdout: "f\\n"/,
  },
  {
    name: "six containers at once",
    script: `pod; for i in $(seq 6); do { run "" echo done-$i; until_ok ended; cut -d' ' -f 4 $log; } & done | sort; wait`,
    output: "done-1\ndone-2\ndone-3\ndone-4\ndone-5\ndone-6",
  },
  ...criStreams,
  ...criFailureChecks({
    "A program that is not there": `pod; run "" no-such-program`,
    "A program that may not be executed": `pod; run "" /etc/passwd`,
  }),
  {
    name: "where the cgroup is",
    script: `pod; run "" sleep 600; cat /proc/$(pid)/cgroup`,
    output: /0::\/kubepods\.slice\/kubepods-burstable\.slice\/cri-containerd-\w{64}\.scope\s*$/,
  },
  ...criCgroups,
];

/** With `SystemdCgroup = false`. Also the checks that restart containerd: this group's checks run one by one. */
export const criCgroupfs: readonly Check[] = [
  runtimeClass,
  {
    name: "where the cgroup is",
    script: `pod; run "" sleep 600; cat /proc/$(pid)/cgroup`,
    output: /0::\/kubepods\/burstable\/\w{64}\s*$/,
  },
  ...criCgroups,
  {
    name: "containerd restarts under a pod",
    script: `pod; run "" sleep 600; systemctl restart containerd; until_ok cri Version; inside echo alive; cri StopContainer "container_id: '$id' timeout: 0"; status`,
    output: /stdout: "alive\\n"[\s\S]*exit_code: 137/,
  },
];
