/** Random numbers from a seed: the same seed gives the same numbers. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    // xorshift32 with an offset, so that 0 is a seed like any other.
    let word = (this.state + 0x9e3779b9) >>> 0;
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    this.state = word >>> 0;
    return this.state % count;
  }

  chance(one: number, of: number): boolean {
    return this.below(of) < one;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}
