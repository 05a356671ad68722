# Functions for the checks of the Container Runtime Interface, which kubelet uses: gRPC over containerd's socket.
# Messages are in protobuf's text format, which protoc converts to bytes and back with the schema in /scratch/cri.proto,
# from Debian's golang-k8s-cri-api-dev. The group sets $IMAGE, $HANDLER and $PARENT (the cgroup of the pods), and, if the
# socket is not the usual one, $CONTAINERD_ADDRESS, which ctr reads too.

# Like kubelet's request, but without the network, which is slow.
namespaces="network: NODE pid: CONTAINER"

# cri METHOD [MESSAGE…]: prints the answer. An error goes to standard error, with gRPC's code, and fails.
# Several messages are merged, as protobuf merges concatenated messages.
cri() {
  local method=$1 service=RuntimeService directory message length code
  case $method in *Image*) service=ImageService ;; esac
  shift
  directory=$(mktemp -d)
  for message in "${@:-}"; do
    protoc -I /scratch --encode=runtime.v1.${method}Request cri.proto <<<"$message" || return
  done >$directory/message
  length=$(stat -c %s $directory/message)
  # Not compressed, then the length in four bytes.
  { printf "\0\0\0\x$(printf %02x $((length >> 8)))\x$(printf %02x $((length & 255)))"; cat $directory/message; } >$directory/request
  curl -sS --http2-prior-knowledge --unix-socket ${CONTAINERD_ADDRESS:-/run/containerd/containerd.sock} \
    -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @$directory/request \
    -D $directory/headers -o $directory/answer http://localhost/runtime.v1.$service/$method || return
  code=$(sed -n 's/^grpc-status: \([0-9]*\).*/\1/p' $directory/headers)
  if [ "$code" = 0 ]; then
    tail -c +6 $directory/answer | protoc -I /scratch --decode=runtime.v1.${method}Response cri.proto
  else
    printf "$method: code $code: %b\n" "$(sed -n 's/^grpc-message: //p' $directory/headers | sed 's/%/\\x/g')" >&2
  fi
  rm -r $directory
  [ "$code" = 0 ]
}

# pod [PODSANDBOXCONFIG]: runs a sandbox and sets $pod to its id.
pod() {
  local answer
  sandbox="metadata { name: '$C' uid: '$C' namespace: 'default' } labels { key: 'check' value: '$C' }
    log_directory: '/tmp/$C-logs'
    linux { cgroup_parent: '$PARENT' security_context { namespace_options { $namespaces } } }"
  more="${1:-}"
  answer=$(cri RunPodSandbox "config { $sandbox } runtime_handler: '$HANDLER'" "config { $more }") || return
  pod=$(sed -n 's/^pod_sandbox_id: "\(.*\)"/\1/p' <<<"$answer")
}

# create CONTAINERCONFIG COMMAND…: creates a container in the pod; sets $id to its id, and $log to the path of its log.
create() {
  local wanted=$1 answer name=main-$BASHPID-$((++containers))
  shift
  answer=$(cri CreateContainer \
    "pod_sandbox_id: '$pod' sandbox_config { $sandbox } config { metadata { name: '$name' } image { image: '$IMAGE' }
      $(printf "command: '%s' " "$@") log_path: '$name'
      linux { security_context { namespace_options { $namespaces } } } }" \
    "sandbox_config { $more } config { $wanted }") || return
  id=$(sed -n 's/^container_id: "\(.*\)"/\1/p' <<<"$answer")
  log=/tmp/$C-logs/$name
}

run() { create "$@" && cri StartContainer "container_id: '$id'"; }

# inside COMMAND…: runs a command in the container, as an exec probe does.
inside() { cri ExecSync "container_id: '$id' $(printf "cmd: '%s' " "$@") timeout: 60"; }

# stream_exec FIELDS COMMAND…, stream_attach FIELDS, stream_port PORT: connects this shell's input and output to a stream
# of the CRI's server; FIELDS are those of the request. $SIZE is the size of the terminal, if there is one.
stream_exec() {
  local fields=$1
  shift
  stream Exec "container_id: '$id' $fields $(printf "cmd: '%s' " "$@")"
}
stream_attach() { stream Attach "container_id: '$id' $1"; }
stream_port() { stream PortForward "pod_sandbox_id: '$pod' port: $1"; }
stream() {
  local answer option=${SIZE:+--size=$SIZE}
  [ $1 != PortForward ] || option=--port
  answer=$(cri "$@") || return
  bun /project/stream.ts $option "$(sed -n 's/^url: "\(.*\)"/\1/p' <<<"$answer")"
}

status() { cri ContainerStatus "container_id: '$id'"; }

ended() { status | grep -q 'state: CONTAINER_EXITED'; }

# The pid of the container's init on the host.
pid() { ctr -n k8s.io task ls | awk -v id=$id '$1 == id { print $2 }'; }
