/** What differs between test machines of the two architectures. Both are emulated by the same QEMU, without a BIOS. */
export interface Architecture {
  /** Debian's name, of packages. */
  readonly debian: string;
  /** Zig's name, of the agent's target. */
  readonly zig: string;
  /** QEMU's program, and the Debian package that has it. */
  readonly emulator: { readonly program: string; readonly package: string };
  readonly machine: readonly string[];
  readonly console: string;
  /** Options of the kernel, beside those of every machine. */
  readonly kernelOptions: readonly string[];
}

export type ArchitectureName = "x64" | "arm64";

export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  x64: {
    debian: "amd64",
    zig: "x86_64",
    emulator: { program: "qemu-system-x86_64", package: "qemu-system-x86" },
    machine: ["q35,usb=off,hpet=off"],
    console: "ttyS0",
    kernelOptions: ["no_timer_check", "tsc=reliable"],
  },
  arm64: {
    debian: "arm64",
    zig: "aarch64",
    emulator: { program: "qemu-system-aarch64", package: "qemu-system-arm" },
    machine: ["virt"],
    console: "ttyAMA0",
    kernelOptions: [],
  },
};
