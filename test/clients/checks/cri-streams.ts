/** Further operations of kubectl and crictl: streams of the CRI's own server, probes, logs, and crictl's life cycle. */
import type { Check } from "../check.ts";

const all = "stdout: true stderr: true";
const terminal = "tty: true stdin: true stdout: true";

export const criStreams: readonly Check[] = [
  {
    name: "Exec: both outputs and the exit code",
    script: `pod; run "" sleep 600; stream_exec "${all}" sh -c 'echo one; echo two >&2; exit 7' </dev/null 2>/tmp/$C-error || echo status $?; sed 's/^/error: /' /tmp/$C-error`,
    output: "one\nstatus 7\nerror: two",
  },
  {
    // A WebSocket stream does not convey the end of standard input.
    name: "Exec: standard input",
    script: `pod; run "" sleep 600; seq 20000 | stream_exec "stdin: true ${all}" sh -c 'head -c 108894 | md5sum; echo after'; seq 20000 | md5sum`,
    output: /^(\w{32} {2}-)\nafter\n\1\s*$/,
  },
  {
    name: "Exec with a terminal, which is resized",
    script: `pod; run "" sleep 600; SIZE=77x33; stream_exec "${terminal}" sh -c 'until stty size | grep "33 77"; do sleep 0.1; done; tty' </dev/null`,
    output: /33 77\n\/dev\/pts\/\d/,
  },
  {
    name: "Exec: missing executable",
    script: `pod; run "" sleep 600; stream_exec "${all}" no-such-program </dev/null`,
    status: 1,
    output: /exec: "no-such-program": executable file not found in \$PATH/,
  },
  {
    name: "Exec: what it leaves behind ends with the container, not before",
    script: `pod; run "" sleep 600; stream_exec "${all}" sh -c 'sleep 601 >/dev/null 2>&1 & echo left' </dev/null; inside sh -c 'ps | grep -c "[s]leep 601"'`,
    output: /^left\nstdout: "1\\n"/,
  },
  {
    name: "Attach: standard input and output",
    script: `pod; run "stdin: true stdin_once: true" sh -c 'for i in 1 2; do read -r line; echo "got $line"; done; exit 3'; printf 'one\\ntwo\\n' | stream_attach "stdin: true ${all}"; until_ok ended; status; cat $log`,
    output: /^got one\ngot two\n[\s\S]*exit_code: 3[\s\S]*stdout F got one\n.*stdout F got two/,
  },
  {
    name: "Attach to a terminal",
    script: `pod; run "tty: true stdin: true" sh; echo 'tty; exit 4' | stream_attach "${terminal}" || :; until_ok ended; status`,
    output: /\/dev\/pts\/0[\s\S]*exit_code: 4/,
  },
  {
    name: "PortForward",
    script: `namespaces="pid: CONTAINER"; pod; run "" httpd -f -p 127.0.0.1:8080 -h /etc; until_ok inside nc -z 127.0.0.1 8080; printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | stream_port 8080`,
    output: /HTTP\/1\.. 200 OK[\s\S]*root:x:0:0/,
  },
  {
    name: "PortForward: nobody listens",
    script: `namespaces="pid: CONTAINER"; pod; echo x | stream_port 8081`,
    status: 1,
    output: /connection refused/,
  },
  {
    name: "exec probes: success, failure, no answer in time, success",
    script: `pod; run "" sleep 600; probe() { answer=$(cri ExecSync "container_id: '$id' cmd: 'sh' cmd: '-c' cmd: '$1' timeout: 2" 2>&1) || :; grep -oE 'exit_code: .*|code 4' <<<"$answer" || echo success; }; probe 'exit 0'; probe 'test -e /healthy'; probe 'sleep 600'; probe 'exit 0'; status | grep state`,
    output: "success\nexit_code: 1\ncode 4\nsuccess\n  state: CONTAINER_RUNNING",
  },
  {
    name: "ReopenContainerLog",
    script: `pod; run "" sh -c 'trap "echo second" USR1; echo first; while :; do sleep 0.1; done'; until_ok grep first $log; mv $log $log.1; cri ReopenContainerLog "container_id: '$id'"; kill -USR1 $(pid); until_ok grep second $log; cut -d' ' -f 4 $log.1 $log`,
    output: "first\nsecond",
  },
  {
    name: "the life that crictl gives a container",
    script: `
# What protoc prints of an enumeration's first value is nothing.
state() {
  local found=$(cri ListContainers "filter { pod_sandbox_id: '$pod' }")
  grep -o 'CONTAINER_.*' <<<"$found" || { grep -q ' id:' <<<"$found" && echo CONTAINER_CREATED || echo none; }
}
sandboxes() { cri ListPodSandbox "filter { id: '$pod' $1 }" | grep -c '^  id:' || :; }
cri ImageStatus "image { image: '$IMAGE' }" | grep -c 'repo_tags: "docker.io/library/busybox:latest"'
pod; sandboxes "state { state: SANDBOX_READY }"
create "" sleep 600; state
cri StartContainer "container_id: '$id'"; state
stream_exec "${all}" echo inside </dev/null
cri ListContainerStats "filter { pod_sandbox_id: '$pod' }" | grep -c usage_core_nano_seconds
cri StopContainer "container_id: '$id'"; state
cri RemoveContainer "container_id: '$id'"; state
cri StopPodSandbox "pod_sandbox_id: '$pod'"; sandboxes "state { state: SANDBOX_NOTREADY }"
cri RemovePodSandbox "pod_sandbox_id: '$pod'"; sandboxes`,
    output: "1\n1\nCONTAINER_CREATED\nCONTAINER_RUNNING\ninside\n1\nCONTAINER_EXITED\nnone\n1\n0",
  },
];
