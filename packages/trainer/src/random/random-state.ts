// numpy.random.RandomState as far as the trainer needs it: what numpy draws for a seed is what is drawn here.
// Uniform numbers, shuffles and permutations are equal bit by bit; randn to 2 ulp (V8's Math.log is not the C library's).
import { MT19937, type MT19937State } from './mt19937.ts'

export interface RandomStateState extends MT19937State {
  /** The second number of the last pair that the polar method made, not handed out yet. */
  gauss: number | null
}

/** Whatever can be shuffled in place: an array or a typed array. */
interface Sequence<T> {
  readonly length: number
  [index: number]: T
}

export class RandomState {
  #words: MT19937
  #gauss: number | null = null

  /** @throws RangeError where the seed is not an integer in [0, 2^32) */
  constructor(seed: number) {
    this.#words = new MT19937(seed)
  }

  /** Starts again, as `np.random.seed` does. */
  seed(seed: number): void {
    this.#words = new MT19937(seed)
    this.#gauss = null
  }

  get state(): RandomStateState {
    return { ...this.#words.state, gauss: this.#gauss }
  }

  set state({ gauss, ...words }: RandomStateState) {
    this.#words.state = words
    this.#gauss = gauss
  }

  /** `count` numbers, uniform in [0, 1). */
  rand(count: number): Float64Array {
    const drawn = new Float64Array(count)
    for (let i = 0; i < count; i++) drawn[i] = this.#words.double()
    return drawn
  }

  /** `count` numbers of the standard normal distribution. */
  randn(count: number): Float64Array {
    const drawn = new Float64Array(count)
    for (let i = 0; i < count; i++) drawn[i] = this.#normal()
    return drawn
  }

  /** An integer in [0, max], `max` below 2^32: bits under a mask, drawn again where they exceed `max`. */
  interval(max: number): number {
    if (max === 0) return 0
    const mask = 0xffff_ffff >>> Math.clz32(max)
    let drawn: number
    do drawn = (this.#words.uint32() & mask) >>> 0
    while (drawn > max)
    return drawn
  }

  /** Fisher and Yates from the end, in place, as `np.random.shuffle` does with one dimension. */
  shuffle<T, S extends Sequence<T>>(sequence: S & Sequence<T>): S {
    for (let i = sequence.length - 1; i > 0; i--) {
      const j = this.interval(i)
      const held = sequence[i] as T
      sequence[i] = sequence[j] as T
      sequence[j] = held
    }
    return sequence
  }

  /** The integers 0 … count − 1 in random order. */
  permutation(count: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: count }, (_, i) => i))
  }

  // Marsaglia's polar method, in the order in which numpy's legacy_gauss uses the pair: the second number first.
  #normal(): number {
    if (this.#gauss !== null) {
      const kept = this.#gauss
      this.#gauss = null
      return kept
    }
    let x: number
    let y: number
    let radius: number
    do {
      x = 2 * this.#words.double() - 1
      y = 2 * this.#words.double() - 1
      radius = x * x + y * y
    } while (radius >= 1 || radius === 0)
    const factor = Math.sqrt((-2 * Math.log(radius)) / radius)
    this.#gauss = factor * x
    return factor * y
  }
}
