/**
 * Options of overlay mounts: relative layers start at the bundle. kernel.org, filesystems/overlayfs. A list of layers is
 * kept both as one string and one by one: which of them the kernel takes is the plan's business.
 */

import { resolvePath } from "../../kernel/paths.ts";
import type { MountOption } from "../../native/boundary.gen.ts";

/** A lower layer. */
interface OverlayLayer {
  /** Absolute, without escapes. */
  path: string;
  /** A layer behind "::" holds data only. */
  dataOnly: boolean;
}

/** An option of a file system itself. */
export interface MountData extends MountOption {
  /** What `value` lists, for overlay's lowerdir. */
  layers?: readonly OverlayLayer[];
}

export function overlayOption({ key, value }: MountOption, bundle: string): MountData {
  if (value === null) return { key, value };
  switch (key) {
    case "upperdir":
    case "workdir":
      return { key, value: withEscapes(resolvePath(bundle, withoutEscapes(value))) };
    case "lowerdir+":
    case "datadir+":
      return { key, value: resolvePath(bundle, value) };
    case "lowerdir": {
      const layers = splitLayers(value).map(({ path, dataOnly }) => ({
        path: resolvePath(bundle, withoutEscapes(path)),
        dataOnly,
      }));
      return { key, value: joinLayers(layers), layers };
    }
    default:
      return { key, value };
  }
}

function joinLayers(layers: readonly OverlayLayer[]): string {
  let joined = "";
  for (const { path, dataOnly } of layers) {
    if (joined !== "") joined += dataOnly ? "::" : ":";
    joined += withEscapes(path);
  }
  return joined;
}

function splitLayers(value: string): OverlayLayer[] {
  const layers: OverlayLayer[] = [];
  let path = "";
  let dataOnly = false;
  for (let index = 0; index < value.length; index++) {
    const character = value[index] as string;
    if (character === "\\" && index + 1 < value.length) {
      path += character + value[++index];
    } else if (character === ":") {
      layers.push({ path, dataOnly });
      path = "";
      dataOnly = value[index + 1] === ":";
      if (dataOnly) index++;
    } else {
      path += character;
    }
  }
  layers.push({ path, dataOnly });
  return layers;
}

function withoutEscapes(path: string): string {
  return path.replace(/\\(.)/gs, "$1");
}

function withEscapes(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}
