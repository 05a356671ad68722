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
  return layers
    .map(({ path, dataOnly }, index) => `${index === 0 ? "" : dataOnly ? "::" : ":"}${withEscapes(path)}`)
    .join("");
}

/** A path, with a colon behind a backslash as a part of it, and what follows it. */
const LAYER = /((?:\\.|[^:])*)(::?|$)/gs;

function splitLayers(value: string): OverlayLayer[] {
  const layers: OverlayLayer[] = [];
  let dataOnly = false;
  for (const [, path = "", separator] of value.matchAll(LAYER)) {
    layers.push({ path, dataOnly });
    if (separator === "") break;
    dataOnly = separator === "::";
  }
  return layers;
}

function withoutEscapes(path: string): string {
  return path.replace(/\\(.)/gs, "$1");
}

function withEscapes(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}
