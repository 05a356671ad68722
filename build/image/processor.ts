/**
 * The recorder asks us, not the processor, what the processor can: an image then has the choices of one that every machine
 * has on which Bun runs at all (x86-64-v3). Each CPUID and each XGETBV of Bun's code is made an instruction that no processor
 * knows, which the core answers (zig/image/processor.zig).
 */
import { type Elf, SegmentFlag } from "../elf.ts";

const CPUID = Buffer.from([0x0f, 0xa2]);
const XGETBV = Buffer.from([0x0f, 0x01, 0xd0]);
/** In place of the first byte: PUSH ES, which 64-bit mode does not have. */
const UNKNOWN = 0x06;

/**
 * In front of CPUID: the number of the leaf into eax (B8 or xor, which is not the one of r8d), and then nothing but what
 * fills ecx, clears a register, or moves rbx out of the way. The same two bytes elsewhere are part of something else.
 */
const leafInEax =
  /(?:b8[012].0000(?:00|80)|(?<!44|45)31c0)(?:31(?:c9|f6|ff|d2)|4531[c-f].|4831c9|b9..000000|4[89cd](?:87|89)[c-f].)*$/;
const zeroInEcx = /31c9$/;
const LEAD_BYTES = 24;

/** In Bun 1.4.5, counted with a disassembler. Another number is another Bun, for somebody to look at. */
const KNOWN = { cpuid: 73, xgetbv: 13 } as const;

/** Changes the bytes of `program`, in the code of Bun, which is at the lowest addresses. */
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

/** `lead`: what stands in front, in hexadecimal digits. → in how many places. */
export function replace(code: Buffer, instruction: Buffer, lead: RegExp): number {
  let count = 0;
  for (let at = code.indexOf(instruction); at >= 0; at = code.indexOf(instruction, at + 1)) {
    if (!lead.test(code.toString("hex", Math.max(0, at - LEAD_BYTES), at))) continue;
    code[at] = UNKNOWN;
    count++;
  }
  return count;
}
