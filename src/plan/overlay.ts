/**
 * Layers of overlay mounts. They are given one by one where the kernel can take them so ("lowerdir+", Linux 6.8): one
 * string for all of them would end at 256 bytes (fsconfig(2)) or a page (mount(2)).
 */

import { type KernelVersion, kernelAtLeast } from "../host/host.ts";
import type { MountOption } from "../native/boundary.gen.ts";
import type { MountData } from "../oci/resolved/overlay.ts";

/** The options of a file system in the form that this kernel takes. */
export function dataOptions(data: readonly MountData[], kernel: KernelVersion): MountOption[] {
  const oneByOne = kernelAtLeast(kernel, 6, 8);
  return data.flatMap(({ key, value, layers }) =>
    layers !== undefined && oneByOne
      ? layers.map(({ path, dataOnly }) => ({ key: dataOnly ? "datadir+" : "lowerdir+", value: path }))
      : [{ key, value }],
  );
}
