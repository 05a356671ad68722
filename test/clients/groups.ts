/** The configuration of each client for a runtime, and the checks that run with it. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Check, Group, RuntimeName } from "./check.ts";
import { runtimePaths } from "./check.ts";
import { buildah } from "./checks/buildah.ts";
import { containerd } from "./checks/containerd.ts";
import { cri, criCgroupfs } from "./checks/cri.ts";
import { dockerBuild, dockerLiveRestore, dockerRemapped } from "./checks/docker-build.ts";
import { dockerLife } from "./checks/docker-life.ts";
import { dockerResources } from "./checks/docker-resources.ts";
import { dockerRun } from "./checks/docker-run.ts";
import { dockerNetworks, dockerSecurity } from "./checks/docker-security.ts";
import { olderContainerdChecks, olderCri } from "./checks/older-containerd.ts";
import { podman, podmanCgroupfs, podmanLimits, podmanRoot } from "./checks/podman.ts";
import { failureChecks } from "./failures-doc.ts";
import { installSnippet, snippet } from "./install-doc.ts";
import { older, olderContainerd, olderEnvironment, startOlder, stopOlder } from "./older-containerd.ts";
import { upgrade } from "./upgrade.ts";

const hereDocument = (path: string, text: string) => `cat >${path} <<'END-OF-FILE'\n${text}\nEND-OF-FILE\n`;

/** The path of the script in docs/FAILURES.md. */
const logged = "/usr/local/bin/bunc-logged";

const installLogged = (runtime: RuntimeName) =>
  `${hereDocument(logged, snippet("FAILURES.md", "logged").replaceAll(`${runtimePaths.bunc} `, `${runtimePaths[runtime]} `))}chmod 755 ${logged}`;

const importForDocker =
  "docker image inspect busybox >/dev/null 2>&1 || docker import -c 'CMD [\"sh\"]' /scratch/busybox.tar busybox:latest >/dev/null";

/**
 * daemon.json from docs/INSTALL.md, with the group's own settings and the script of docs/FAILURES.md; for runc the
 * daemon's default.
 */
function dockerd(runtime: RuntimeName, settings: Readonly<Record<string, unknown>> = {}): string {
  const base = runtime === "bunc" ? JSON.parse(installSnippet("docker")) : {};
  const runtimes = { ...base.runtimes, [basename(logged)]: { path: logged } };
  return [
    installLogged(runtime),
    "mkdir -p /etc/docker",
    hereDocument("/etc/docker/daemon.json", JSON.stringify({ ...base, runtimes, ...settings }, null, 2)),
    "systemctl reset-failed docker || :",
    "systemctl restart docker",
    `test "$(docker info -f '{{.DefaultRuntime}}')" = ${runtime}`,
    importForDocker,
  ].join("\n");
}

const dockerCleanup = `
docker ps -aq --filter name=$C | xargs -r docker rm -fv >/dev/null
`;

function docker(
  name: string,
  checks: readonly Check[],
  settings: Readonly<Record<string, unknown>> = {},
  options: Partial<Group> = {},
): Group {
  return {
    name,
    client: "Docker",
    setup: (runtime) => dockerd(runtime, settings),
    cleanup: dockerCleanup,
    checks,
    ...options,
  };
}

const cgroupfs = { "exec-opts": ["native.cgroupdriver=cgroupfs"] };

/** The names of the two runtimes are swapped on disk: the client's runc is bunc. */
const underTheNameRunc = (runtime: RuntimeName) =>
  [
    ...(runtime === "bunc" ? ["test -e /usr/sbin/runc.distrib || {", installSnippet("as-runc"), "}"] : []),
    "rm -f /etc/docker/daemon.json; systemctl restart docker",
    `docker info -f '{{.DefaultRuntime}} {{.RuncCommit.ID}}'`,
  ].join("\n");

const undoName = `
if test -e /usr/sbin/runc.distrib; then
  rm /usr/sbin/runc
  dpkg-divert --local --rename --remove /usr/sbin/runc
fi
`;

const importForCtr = `ctr image ls -q | grep -q busybox || { systemctl start docker; ${importForDocker}; docker save -o /scratch/busybox.image busybox:latest; ctr image import /scratch/busybox.image >/dev/null; }`;

/** Sets the option with which ctr passes the shim's BinaryName, because ctr does not read the configuration file. */
function containerdSetup(runtime: RuntimeName): string {
  const configuration = runtime === "bunc" ? installSnippet("containerd") : "version = 3";
  return [
    "mkdir -p /etc/containerd",
    hereDocument("/etc/containerd/config.toml", configuration),
    "systemctl restart containerd && until_ok ctr version",
    ...(runtime === "bunc" ? [`containerd config dump | grep -q "BinaryName = '${runtimePaths.bunc}'"`] : []),
    importForCtr,
    `echo 'BINARY="--runc-binary ${runtimePaths[runtime]}"' >/scratch/environment`,
    installLogged(runtime),
  ].join("\n");
}

const containerdCleanup = `
for c in $(ctr container ls -q | grep -- "^$C" || :); do
  ctr task delete -f $c >/dev/null 2>&1 || :
  ctr container delete $c >/dev/null 2>&1 || :
done
`;

/** The configuration from docs/INSTALL.md, or the same for runc. */
const snippetFor = (name: string, runtime: RuntimeName) =>
  installSnippet(name).replaceAll(runtimePaths.bunc, runtimePaths[runtime]).replaceAll("bunc", runtime);

const podNetwork = {
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      type: "bridge",
      bridge: "cni-pods",
      isGateway: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.200.0.0/24" }]] },
    },
  ],
};

const criSchema = "/usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto";

/** containerd with its CRI, the functions of cri.sh, and the images under the names that the CRI expects. */
function criSetup(runtime: RuntimeName, parent: string, change = (text: string) => text): string {
  return [
    "mkdir -p /etc/containerd",
    hereDocument("/etc/containerd/config.toml", change(snippetFor("containerd", runtime))),
    configureNetwork,
    "systemctl restart containerd && until_ok ctr version",
    ...criReady(runtime, parent, "/etc/containerd/config.toml"),
  ].join("\n");
}

const configureNetwork = `mkdir -p /etc/cni/net.d\n${hereDocument("/etc/cni/net.d/pods.conflist", JSON.stringify(podNetwork))}`;

/** For the containerd that runs with the file `configuration`. `environment`: variables that its clients need. */
function criReady(
  runtime: RuntimeName,
  parent: string,
  configuration: string,
  environment: readonly string[] = [],
): string[] {
  const handler = /^handler: (\w+)$/m.exec(snippetFor("runtimeclass", runtime))?.[1];
  return [
    `pause=$(containerd --config ${configuration} config dump | sed -n "s/^ *sandbox\\(_image\\)\\? = ['\\"]\\(.*\\)['\\"]/\\2/p")`,
    "if ! ctr -n k8s.io image ls -q | grep -qx $pause; then",
    "systemctl start docker",
    importForDocker,
    `docker import -c 'ENTRYPOINT ["/bin/sleep", "infinity"]' /scratch/busybox.tar $pause >/dev/null`,
    "docker save -o /scratch/cri.image busybox:latest $pause",
    "ctr -n k8s.io image import /scratch/cri.image >/dev/null",
    "fi",
    // Debian's protoc is older than this option.
    `sed 's/ \\[debug_redact = true\\]//' ${criSchema} >/scratch/cri.proto`,
    hereDocument(
      "/scratch/environment",
      [...environment, readFileSync(join(import.meta.dir, "cri.sh"), "utf8")].join("\n"),
    ),
    `echo 'IMAGE=docker.io/library/busybox:latest HANDLER=${handler} PARENT=${parent}' >>/scratch/environment`,
    "until_ok bash -c '. /scratch/environment; cri Status | grep -A 1 NetworkReady | grep true'",
  ];
}

/** containerd 1.7 next to the guest's own, with its configuration from docs/INSTALL.md. */
function olderSetup(runtime: RuntimeName): string[] {
  return [
    `mkdir -p ${dirname(older.configuration)}`,
    hereDocument(older.configuration, snippetFor("containerd-1.7", runtime)),
    configureNetwork,
    olderEnvironment,
    startOlder,
    `containerd --config ${older.configuration} config dump | grep -q 'BinaryName = "${runtimePaths[runtime]}"'`,
  ];
}

const olderGroup = {
  client: "containerd",
  share: { name: older.shareName, directory: olderContainerd },
  teardown: stopOlder,
} as const;

const podSlice = "/kubepods.slice/kubepods-burstable.slice";

const criCleanup = `
cri ListPodSandbox "filter { label_selector { key: 'check' value: '$C' } }" | sed -n 's/^  id: "\\(.*\\)"/\\1/p' |
  while read -r pod; do cri RemovePodSandbox "pod_sandbox_id: '$pod'"; done
`;

function podmanSetup(directory: string, runtime: RuntimeName, more = ""): string {
  const engine = runtime === "bunc" ? installSnippet("podman") : '[engine]\nruntime = "runc"';
  return [
    `rm -rf ${directory}; mkdir -p ${directory}`,
    hereDocument(`${directory}/bunc.conf`, engine),
    ...(more === "" ? [] : [hereDocument(`${directory}/more.conf`, more)]),
  ].join("\n");
}

const importForPodman =
  "podman image exists busybox || podman import -q -c 'CMD [\"sh\"]' /scratch/busybox.tar localhost/busybox:latest >/dev/null";

const podmanCleanup = `
podman ps -aq --filter name=$C | xargs -r podman rm -f -v -t 0 >/dev/null 2>&1 || :
`;

const buildahCleanup = `
buildah rm $C >/dev/null 2>&1 || :
buildah rmi -f localhost/$C >/dev/null 2>&1 || :
`;

/** For `--userns auto`: libsubid finds nothing for a name that is not a user. */
const subordinateIds =
  "id -u containers >/dev/null 2>&1 || { useradd --system --no-create-home containers; echo containers:1000000:1000000 | tee -a /etc/subuid >>/etc/subgid; }";

/** pasta copies the host's routes into a rootless container, and the guest has no network card. */
const uplink =
  "ip link show uplink >/dev/null 2>&1 || { ip link add uplink type dummy; ip address add 192.0.2.2/24 dev uplink; ip link set uplink up; ip route add default via 192.0.2.1; }";

const everyone = "/etc/containers/containers.conf.d";

const asInstallHas: Check = {
  name: "as docs/INSTALL.md has it",
  script: installSnippet("ctr"),
  output: "hello",
};

export const groups: readonly Group[] = [
  docker("run", [...dockerRun, ...failureChecks("Docker")]),
  // `docker checkpoint` is an experimental feature of the daemon.
  docker("life of a container", dockerLife, { experimental: true }),
  docker("resources, systemd's cgroups", dockerResources),
  docker("resources, cgroupfs", dockerResources, cgroupfs),
  docker("security and volumes", dockerSecurity),
  docker("networks", dockerNetworks),
  docker("build", dockerBuild),
  docker("userns-remap", dockerRemapped, { "userns-remap": "default" }),
  docker("live-restore", dockerLiveRestore, { "live-restore": true }),
  {
    ...docker("installed as runc", [
      ...dockerRun.slice(0, 6),
      ...dockerLife.filter(({ name }) => /^(exec|stop|pause)/.test(name)),
    ]),
    setup: underTheNameRunc,
    teardown: undoName,
  },
  docker(
    "upgrade in place",
    upgrade,
    {},
    { setup: (runtime) => `${dockerd(runtime)}\n${upgradeSetup(runtime)}` },
  ),
  {
    name: "ctr and the shim",
    client: "containerd",
    setup: containerdSetup,
    cleanup: containerdCleanup,
    checks: [asInstallHas, ...containerd, ...failureChecks("ctr")],
  },
  {
    name: "CRI, systemd's cgroups",
    client: "containerd",
    setup: (runtime) => criSetup(runtime, podSlice),
    cleanup: criCleanup,
    checks: cri,
  },
  {
    name: "CRI, cgroupfs, not the default",
    client: "containerd",
    setup: (runtime) =>
      criSetup(runtime, "/kubepods/burstable", (text) =>
        text.replace("SystemdCgroup = true", "SystemdCgroup = false").replace(/default_runtime_name.*/, ""),
      ),
    cleanup: criCleanup,
    checks: criCgroupfs,
  },
  {
    ...olderGroup,
    name: "ctr and the shim of 1.7",
    setup: (runtime) =>
      [
        ...olderSetup(runtime),
        importForCtr,
        hereDocument(
          "/scratch/environment",
          `${olderEnvironment}\nBINARY="--runc-binary ${runtimePaths[runtime]}"`,
        ),
      ].join("\n"),
    cleanup: containerdCleanup,
    checks: [asInstallHas, ...olderContainerdChecks],
  },
  {
    ...olderGroup,
    name: "CRI of 1.7",
    setup: (runtime) =>
      [...olderSetup(runtime), ...criReady(runtime, podSlice, older.configuration, [olderEnvironment])].join(
        "\n",
      ),
    cleanup: criCleanup,
    checks: olderCri,
  },
  {
    name: "root, systemd's cgroups",
    client: "Podman",
    setup: (runtime) => `${subordinateIds}\n${podmanSetup(everyone, runtime)}\n${importForPodman}`,
    cleanup: podmanCleanup,
    checks: [...podmanRoot, ...failureChecks("Podman")],
  },
  {
    name: "root, cgroupfs",
    client: "Podman",
    setup: (runtime) =>
      `${podmanSetup(everyone, runtime, '[engine]\ncgroup_manager = "cgroupfs"')}\n${importForPodman}`,
    cleanup: podmanCleanup,
    teardown: `rm -rf ${everyone}`,
    checks: podmanCgroupfs,
  },
  {
    name: "rootless",
    client: "Podman",
    rootless: true,
    setup: (runtime) =>
      [
        uplink,
        podmanSetup("~tester/.config/containers/containers.conf.d", runtime),
        "chown -R tester: ~tester/.config",
        asTester(importForPodman),
      ].join("\n"),
    cleanup: podmanCleanup,
    teardown: "ip link delete uplink",
    checks: [...podman, ...podmanLimits],
  },
  {
    name: "root",
    client: "Buildah",
    setup: (runtime) => [importForPodman, buildahEnvironment(runtime)].join("\n"),
    cleanup: buildahCleanup,
    checks: buildah,
  },
  {
    name: "rootless",
    client: "Buildah",
    rootless: true,
    setup: (runtime) =>
      ["rm -rf ~tester/.config/containers", asTester(importForPodman), buildahEnvironment(runtime)].join(
        "\n",
      ),
    cleanup: buildahCleanup,
    checks: buildah,
  },
];

/** In the session of the guest's ordinary user. */
function asTester(script: string): string {
  return `runuser -u tester -- env XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus sh -c ${quote(`cd; ${script}`)}`;
}

function buildahEnvironment(runtime: RuntimeName): string {
  return hereDocument("/scratch/environment", snippetFor("buildah", runtime));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The client calls a link that the checks redirect to another build; for runc, to a second copy of itself. */
function upgradeSetup(runtime: RuntimeName): string {
  return `mkdir -p /scratch/upgrade; cp ${runtimePaths[runtime]} /scratch/upgrade/next; cp ${runtimePaths[runtime]} /scratch/upgrade/saved; echo RUNTIME=${runtimePaths[runtime]} >/scratch/environment`;
}
