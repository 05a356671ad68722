/**
 * Options of overlay mounts. Layers are given one by one where the kernel can take them so ("lowerdir+",
 * Linux 6.8): one string for all of them would end at 256 bytes (fsconfig(2)) or a page (mount(2)).
 * Relative layers start at the bundle. kernel.org, filesystems/overlayfs.
 */

import { type KernelVersion, kernelAtLeast } from "../host/host.ts";
import { resolvePath } from "../kernel/paths.ts";
import type { MountOption } from "../native/boundary.gen.ts";
import { dataOption } from "./mount-attributes.ts";

/** `data`: of the mount's options. */
export function overlayOptions(
  data: readonly string[],
  bundle: string,
  kernel: KernelVersion,
): MountOption[] {
  const options: MountOption[] = [];
  for (const word of data) {
    const { key, value } = dataOption(word);
    if (value === null) {
      options.push({ key, value });
    } else if (key === "upperdir" || key === "workdir") {
      options.push({ key, value: withEscapes(resolvePath(bundle, withoutEscapes(value))) });
    } else if (key === "lowerdir" && kernelAtLeast(kernel, 6, 8)) {
      for (const option of layerOptions(value, bundle)) options.push(option);
    } else if (key === "lowerdir") {
      options.push({ key, value: joinLayers(value, bundle) });
    } else if (key === "lowerdir+" || key === "datadir+") {
      options.push({ key, value: resolvePath(bundle, value) });
    } else {
      options.push({ key, value });
    }
  }
  return options;
}

/** A layer behind "::" holds data only. "lowerdir+" and "datadir+" take paths as they are, without escapes. */
function layerOptions(value: string, bundle: string): MountOption[] {
  return splitLayers(value).map(({ path, dataOnly }) => ({
    key: dataOnly ? "datadir+" : "lowerdir+",
    value: resolvePath(bundle, withoutEscapes(path)),
  }));
}

function joinLayers(value: string, bundle: string): string {
  let joined = "";
  for (const { path, dataOnly } of splitLayers(value)) {
    if (joined !== "") joined += dataOnly ? "::" : ":";
    joined += withEscapes(resolvePath(bundle, withoutEscapes(path)));
  }
  return joined;
}

interface Layer {
  path: string;
  dataOnly: boolean;
}

function splitLayers(value: string): Layer[] {
  const layers: Layer[] = [];
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
