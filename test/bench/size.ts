/** The size of a runtime's executable, on disk and in an image layer. */
import { readFileSync } from "node:fs";
import type { Row } from "./table.ts";

/** The default compression level of image builders. */
const layerLevel = 3;

const kib = (bytes: number) => bytes / 1024;

/** `paths`: the executables, in the order of the table. Libraries that they load are not counted. */
export function sizeRows(paths: readonly string[]): Row[] {
  const files = paths.map((path) => readFileSync(path));
  const layers = files.map((file) => Bun.zstdCompressSync(file, { level: layerLevel }));
  return [
    { name: "executable", unit: "KiB", values: files.map(({ length }) => kib(length)) },
    { name: "executable in a zstd layer", unit: "KiB", values: layers.map(({ length }) => kib(length)) },
  ];
}
