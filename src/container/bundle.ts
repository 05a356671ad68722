/** A bundle: a directory with a config.json and the root file system that it names. runtime-spec bundle.md. */

import { RuntimeError } from "../failure/errors.ts";
import { specificationNotFound, workingDirectoryDeleted } from "../failure/messages.ts";
import type { Warning } from "../failure/warning.ts";
import type { HostFacts } from "../host/host.ts";
import { startRecord } from "../host/start-record.ts";
import { native } from "../native/call.ts";
import type { Config } from "../oci/config.ts";
import { type ResolvedConfig, resolveConfig } from "../oci/resolved/config.ts";
import { loadConfig } from "../oci/validate.ts";

/** A checked bundle. */
export interface Bundle {
  /** Absolute, without symbolic links. */
  path: string;
  /** The document, with every default filled in: for later commands. */
  checked: Config;
  config: ResolvedConfig;
  /** Absolute path of the root file system, without symbolic links. */
  rootfs: string;
  warnings: Warning[];
}

/** `directory`: as given, or undefined for the working directory. */
export function loadBundle(
  directory: string | undefined,
  host: HostFacts,
  options: { noPivot: boolean; rootlessCgroups: boolean },
): Bundle {
  const bundle = readBundle(directory, host, options);
  return { ...bundle, rootfs: resolveRootfs(bundle.config.root.path) };
}

/** The same without checking the root file system. */
export function readBundle(
  directory: string | undefined,
  host: HostFacts,
  options: { noPivot: boolean; rootlessCgroups: boolean },
): Omit<Bundle, "rootfs"> {
  if (directory === undefined && startRecord?.cwdDeleted) throw workingDirectoryDeleted();
  const given = directory ?? native("working_directory", {}).path;
  const resolved = native("resolve_path", { path: given });
  if (!resolved.directory) {
    throw new RuntimeError(
      `chdir ${given}: ${resolved.path === "" ? "no such file or directory" : "not a directory"}`,
      {
        path: given,
        hint: "--bundle names a directory that holds a config.json",
      },
    );
  }
  const path = resolved.path;
  const { found, text } = native("read_file", { path: `${path}/config.json` });
  if (!found) throw specificationNotFound("config.json");
  const { value: checked, warnings } = loadConfig(text, { host, bundle: path, ...options });
  return { path, checked, config: resolveConfig(checked, path), warnings };
}

function resolveRootfs(path: string): string {
  const resolved = native("resolve_path", { path });
  if (resolved.path === "") {
    throw new RuntimeError(`invalid rootfs: stat ${path}: no such file or directory`, {
      path,
      subject: "root.path",
    });
  }
  if (!resolved.directory) {
    throw new RuntimeError(`invalid rootfs: ${path}: not a directory`, { path, subject: "root.path" });
  }
  return resolved.path;
}

/**
 * Network sysctls change a network namespace. A container that joins the caller's own one by path must not
 * have them: they would change the host's. (A container without a network namespace is refused by the
 * configuration's rules.) Throws RuntimeError for a sysctl of the caller's own network namespace.
 */
export function refuseHostSysctls({ linux }: ResolvedConfig): void {
  const sysctl = linux.sysctl.find(({ path }) => path.startsWith("net/"));
  const path = linux.namespaces.get("network")?.path;
  if (sysctl === undefined || !path || !native("own_namespace", { path, kind: "net" }).own) return;
  throw new RuntimeError(`sysctl "${sysctl.name}" not allowed in host network namespace`, {
    subject: `linux.sysctl["${sysctl.name}"]`,
    path,
    hint: "add a network namespace of the container's own to linux.namespaces",
  });
}
