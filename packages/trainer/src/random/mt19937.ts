// The Mersenne Twister as numpy's legacy generator seeds and reads it. Matsumoto and Nishimura 1998; numpy/random/src/mt19937.
// Our own, because @stdlib/random-base-mt19937 refuses seed 0, which pandas' random_state=0 needs.

const WORDS = 624
const MIDDLE = 397

/** 624 words and the place of the next one. Plain numbers, so that a checkpoint can be JSON. */
export interface MT19937State {
  key: number[]
  position: number
}

export class MT19937 {
  readonly #key = new Uint32Array(WORDS)
  #position = WORDS

  /** @param seed an integer in [0, 2^32); init_by_array, which numpy uses for larger seeds, is not built */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
      throw new RangeError(`a seed is an integer in [0, 2^32), not ${seed}`)
    let word = seed
    for (let i = 0; i < WORDS; i++) {
      this.#key[i] = word
      word = (Math.imul(1_812_433_253, word ^ (word >>> 30)) + i + 1) >>> 0
    }
  }

  get state(): MT19937State {
    // By hand, because it is asked for in every epoch: 3 µs, where [...key] takes 34 (V8 of Node 20).
    const key = new Array<number>(WORDS)
    for (let i = 0; i < WORDS; i++) key[i] = this.#key[i] as number
    return { key, position: this.#position }
  }

  set state({ key, position }: MT19937State) {
    if (key.length !== WORDS || !Number.isInteger(position) || position < 0 || position > WORDS)
      throw new RangeError(`a generator state has ${WORDS} words and a position, not ${key.length} and ${position}`)
    this.#key.set(key)
    this.#position = position
  }

  /** 32 random bits as an integer in [0, 2^32). */
  uint32(): number {
    if (this.#position === WORDS) this.#refill()
    let y = this.#key[this.#position++] as number
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    return (y ^ (y >>> 18)) >>> 0
  }

  /** A float64 in [0, 1) of 53 bits, made of two words. */
  double(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  #refill(): void {
    const key = this.#key
    for (let i = 0; i < WORDS; i++) {
      const y = ((key[i] as number) & 0x8000_0000) | ((key[(i + 1) % WORDS] as number) & 0x7fff_ffff)
      key[i] = (key[(i + MIDDLE) % WORDS] as number) ^ (y >>> 1) ^ (y & 1 ? 0x9908_b0df : 0)
    }
    this.#position = 0
  }
}
