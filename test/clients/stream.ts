/**
 * The client side of exec, attach and port-forward (kubectl's role), in the guest: connects standard input and output to
 * the stream at a URL from the CRI, by WebSocket (subprotocol v4.channel.k8s.io), until the other end closes.
 *
 *   bun stream.ts [--port | --size=COLUMNSxROWS] URL
 *
 * The exit status is that of the program in the container, or 1 if the stream failed, with its message on standard error.
 */
import { writeSync } from "node:fs";
import { parseArgs } from "node:util";

/** The first byte of each message. */
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 };
/** The channels of a stream that forwards one port; each begins with the port's number in two bytes. */
const portChannels = { data: 0, error: 1 };

/** The exit of a program, as Kubernetes' meta/v1 Status. */
interface Status {
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason: string; readonly message: string }[] };
}

const { values: flags, positionals } = parseArgs({
  options: { port: { type: "boolean", default: false }, size: { type: "string" } },
  allowPositionals: true,
});
const [url] = positionals;
if (url === undefined) throw new Error("usage: bun stream.ts [--port | --size=COLUMNSxROWS] URL");

const socket = new WebSocket(url.replace(/^http/, "ws"), ["v4.channel.k8s.io"]);
socket.binaryType = "arraybuffer";

const send = (channel: number, bytes: Uint8Array) => socket.send(new Uint8Array([channel, ...bytes]));

function ended({ status, reason, message, details }: Status): void {
  if (status === "Success") return;
  const code = details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  process.exitCode = reason === "NonZeroExitCode" ? Number(code) : 1;
  if (reason !== "NonZeroExitCode") console.error(message);
}

const introduced = new Set<number>();

function receivePort(channel: number, bytes: Uint8Array): void {
  if (!introduced.has(channel)) {
    introduced.add(channel);
    return;
  }
  if (channel === portChannels.data) writeSync(1, bytes);
  else if (bytes.length > 0) {
    writeSync(2, bytes);
    process.exitCode = 1;
    socket.close();
  }
}

function receive(channel: number, bytes: Uint8Array): void {
  if (channel === channels.stdout) writeSync(1, bytes);
  else if (channel === channels.stderr) writeSync(2, bytes);
  else if (channel === channels.status && bytes.length > 0)
    ended(JSON.parse(new TextDecoder().decode(bytes)));
}

socket.onmessage = ({ data }) => {
  const [channel = 0, ...bytes] = new Uint8Array(data as ArrayBuffer);
  (flags.port ? receivePort : receive)(channel, new Uint8Array(bytes));
};

socket.onopen = async () => {
  const [columns, rows] = flags.size?.split("x") ?? [];
  if (columns !== undefined)
    send(channels.resize, Buffer.from(JSON.stringify({ Width: Number(columns), Height: Number(rows) })));
  for await (const bytes of Bun.stdin.stream()) send(flags.port ? portChannels.data : channels.stdin, bytes);
};

socket.onerror = () => {
  console.error(`no stream at ${url}`);
  process.exitCode = 1;
};
// Standard input may still be open.
socket.onclose = () => process.exit();
