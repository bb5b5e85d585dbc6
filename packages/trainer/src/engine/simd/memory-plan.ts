// Where everything of a net lies in one linear memory. Only sums: the memory is made once the last byte is known.

/** Bytes. Addresses are signed 32-bit numbers in the kernels. */
export const MEMORY_LIMIT = 2 ** 31

export class MemoryPlan {
  #top = 1024

  /** The address of that many float32, at the start of a cache line. Never 0, which means "none" to the kernels. */
  take(floats: number): number {
    const at = this.#top
    this.#top += Math.ceil(floats / 16) * 64
    return at
  }

  get bytes(): number {
    return this.#top
  }
}
