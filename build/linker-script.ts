/**
 * The linker script of the core, for one build of Bun: it places the core and libc at an address that Bun leaves free, and
 * defines addresses in Bun. Symbols that Bun would import from shared libraries are pulled in by name, so that an undefined
 * one fails the build. build/link.ts makes the executable from the result.
 */
import { type Elf, FIXED_ADDRESS, hex, roundUp, SegmentType } from "./elf.ts";

/** Far above Bun, but within reach of its code. */
const CORE_ADDRESS = 0x40000000;

/** The alignment on both architectures; Bun's block must not need more. */
export const TLS_ALIGN = 16;

/** For thread-local variables of libc and libstdc++ (below Bun's block, where that comes last). */
export const OWN_TLS_BYTES_MAX = 256;

/** Constant variables of libc, of which Bun may have its own copy. */
export const constantVariables: readonly string[] = ["stdin", "stdout", "stderr"];

/** Variables that must exist once: libc uses Bun's copy, under all its names. */
const sharedVariables: ReadonlyMap<string, readonly string[]> = new Map([
  ["environ", ["environ", "_environ", "__environ", "___environ"]],
  ["__stack_chk_guard", ["__stack_chk_guard"]],
  // Only the addresses of these matter (zig/cxx/dynamic_cast.zig).
  ...[
    "_ZTVN10__cxxabiv117__class_type_infoE",
    "_ZTVN10__cxxabiv120__si_class_type_infoE",
    "_ZTVN10__cxxabiv121__vmi_class_type_infoE",
  ].map((name): [string, string[]] => [name, [name]]),
]);

/** Functions of libc that bunc replaces for Bun (zig/cxx/libc.zig, zig/cxx/recording.zig). */
export const ownFunctions: ReadonlyMap<string, string> = new Map(
  [
    ...["madvise", "pthread_getattr_np"],
    ...[
      "access",
      "clock_gettime",
      "epoll_create1",
      "epoll_ctl",
      "eventfd",
      "fopen",
      "getcwd",
      "getpid",
      "getrandom",
    ],
    ...[
      "getrlimit",
      "gettid",
      "gettimeofday",
      "open",
      "readlink",
      "sched_getaffinity",
      "setrlimit",
      "sigaction",
      "sysconf",
      "sysinfo",
    ],
    ...["syscall", "time", "uname"],
  ].map((name) => [name, `bunc_${name}`]),
);

export function linkerScript(bun: Elf): string {
  bun.expect(bun.type === FIXED_ADDRESS, "is not linked at a fixed address, as the core is");
  bun.expect(
    bun.loads.every(({ address, memorySize }) => address + memorySize <= CORE_ADDRESS),
    `reaches to ${hex(CORE_ADDRESS)}, where the core is linked`,
  );
  return `ENTRY(bunc_start)
EXTERN(${[...imports(bun), "bunc_rehearse"].join(" ")})
PHDRS { code PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); tls PT_TLS FLAGS(4); }
SECTIONS {
${bunPlaces(bun)
  .map(([name, address]) => `  ${name} = ${hex(address)};\n`)
  .join("")}
  . = ${hex(CORE_ADDRESS)};
  .code : {
    KEEP(*(.entry)) KEEP(*(.entry.*)) *(.text .text.*) *(.init) *(.fini) *(.rodata .rodata.*)
    . = ALIGN(${TLS_ALIGN});
    tls_image = .;
    . += ${OWN_TLS_BYTES_MAX + bun.only(SegmentType.tls).fileSize};
  } :code
  . = ALIGN(0x10000);
  .tbss : ALIGN(${TLS_ALIGN}) { ${threadLocal(bun)} } :data :tls
  .data : { *(.data .data.*) *(.got .got.*) } :data
  .bss : { *(.bss .bss.*) *(COMMON) } :data
  /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.ARM.*) }
}
`;
}

/** Addresses in Bun, by the names that the core uses. */
export function bunPlaces(bun: Elf): [string, number][] {
  const [init, fini] = [bun.functions("init"), bun.functions("fini")];
  return [
    ["bun_start", bun.entry],
    // libc has no constructors and destructors of its own, so it runs Bun's in their place.
    ["__init_array_start", init.start],
    ["__init_array_end", init.end],
    ["__fini_array_start", fini.start],
    ["__fini_array_end", fini.end],
    ...sharedPlaces(bun),
  ];
}

/** Bytes that Bun's code expects between the thread pointer and the far end of its block: a multiple of TLS_ALIGN. */
export function bunTlsBytes(bun: Elf): number {
  const { address, memorySize, align } = bun.only(SegmentType.tls);
  bun.expect(align <= TLS_ALIGN, `needs its thread-local variables aligned to ${align}`);
  bun.expect(address % TLS_ALIGN === 0, "has its thread-local variables at an odd address");
  return roundUp(memorySize, TLS_ALIGN);
}

/** Bun's block stays next to the thread pointer; that of libc and libstdc++ comes after it. */
function threadLocal(bun: Elf): string {
  const own = `*(.tbss .tbss.*) . = ALIGN(${TLS_ALIGN});`;
  const reserved = `. += ${hex(bunTlsBytes(bun))};`;
  return bun.machine.tlsBelowThreadPointer ? `${own} ${reserved}` : `${reserved} ${own}`;
}

/** The symbols that Bun imports from libraries. A weak symbol may stay undefined. */
function imports(bun: Elf): string[] {
  const names = bun
    .relocations()
    .filter(({ kind, symbol }) =>
      kind === "copy" ? constantVariables.includes(symbol.name) : !symbol.isDefined && !symbol.isWeak,
    )
    .map(({ symbol }) => ownFunctions.get(symbol.name) ?? symbol.name);
  return [...new Set(names)].sort();
}

function sharedPlaces(bun: Elf): [string, number][] {
  return bun.relocations().flatMap(({ kind, address, symbol }): [string, number][] => {
    if (kind !== "copy" || constantVariables.includes(symbol.name)) return [];
    const names = sharedVariables.get(symbol.name);
    bun.expect(names !== undefined, `copies the unknown variable ${symbol.name}`);
    return names.map((name) => [name, address]);
  });
}
