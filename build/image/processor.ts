/**
 * Lets the core, not the real processor, answer Bun's queries of processor features during the recording: the image then
 * makes the choices for x86-64-v3, which every machine that runs Bun has. Each CPUID and each XGETBV in Bun's code is replaced by
 * an invalid instruction, whose fault the core handles (zig/image/processor.zig).
 */
import { type Elf, SegmentFlag } from "../elf.ts";

const CPUID = Buffer.from([0x0f, 0xa2]);
const XGETBV = Buffer.from([0x0f, 0x01, 0xd0]);
/** Replaces the first byte: PUSH ES, which is invalid in 64-bit mode. */
const UNKNOWN = 0x06;

/**
 * The code before a CPUID: the number of the leaf into eax (B8, or xor of eax and not r8d), and then only instructions that
 * set ecx, clear a register, or save rbx. The same two bytes elsewhere are part of another instruction.
 */
const leafInEax =
  /(?:b8[012].0000(?:00|80)|(?<!44|45)31c0)(?:31(?:c9|f6|ff|d2)|4531[c-f].|4831c9|b9..000000|4[89cd](?:87|89)[c-f].)*$/;
const zeroInEcx = /31c9$/;
const LEAD_BYTES = 24;

/** Counted in Bun 1.4.5 with a disassembler. Another version of Bun may have other numbers, which must then be checked. */
const KNOWN = { cpuid: 73, xgetbv: 13 } as const;

/** Changes Bun's code, which is at the lowest addresses, in the bytes of `program`. */
export function answerForProcessor(program: Elf): void {
  const code = program.loads.find(({ flags }) => (flags & SegmentFlag.execute) !== 0);
  program.expect(code !== undefined, "has no code");
  const bytes = program.bytes.subarray(code.offset, code.offset + code.fileSize);
  const found = { cpuid: replace(bytes, CPUID, leafInEax), xgetbv: replace(bytes, XGETBV, zeroInEcx) };
  for (const name of ["cpuid", "xgetbv"] as const) {
    if (found[name] !== KNOWN[name])
      throw new Error(`Bun asks the processor in ${found[name]} places with ${name}; known: ${KNOWN[name]}`);
  }
}

/** `lead`: the bytes before it, in hexadecimal digits. → the number of places. */
export function replace(code: Buffer, instruction: Buffer, lead: RegExp): number {
  let count = 0;
  for (let at = code.indexOf(instruction); at >= 0; at = code.indexOf(instruction, at + 1)) {
    if (!lead.test(code.toString("hex", Math.max(0, at - LEAD_BYTES), at))) continue;
    code[at] = UNKNOWN;
    count++;
  }
  return count;
}
