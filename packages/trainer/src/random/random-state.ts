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

  /**
   * Fisher and Yates from the end, in place, as `np.random.shuffle` does with one dimension.
   * Places `last` down to `first` alone where they are given, so that a long sequence can be shuffled in parts.
   */
  shuffle<T, S extends Sequence<T>>(sequence: S & Sequence<T>, last = sequence.length - 1, first = 1): S {
    for (let i = last; i >= first; i--) {
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

  /**
   * `count` integers of [low, high), as `np.random.randint` with its default type of 64 bits draws them.
   * @throws RangeError where that range is empty or wider than 2^32
   */
  randint(low: number, high: number, count: number): Float64Array {
    const width = high - low
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || width < 1 || width > 2 ** 32)
      throw new RangeError(`integers are drawn from 1 to 2^32 of them, not from [${low}, ${high})`)
    const drawn = new Float64Array(count)
    for (let i = 0; i < count; i++) drawn[i] = low + this.interval(width - 1)
    return drawn
  }

  /**
   * `size` of the integers 0 … count − 1, as `np.random.choice(count, size, replace, p)` draws them.
   * @param p how likely each is; their sum is 1. Absent: all alike.
   * @throws RangeError where numpy raises ValueError
   */
  choice(
    count: number,
    size: number,
    { replace = true, p }: { replace?: boolean; p?: ArrayLike<number> } = {},
  ): Int32Array {
    if (count < 1 && size > 0) throw new RangeError('there is nothing to choose from')
    if (p !== undefined) checkProbabilities(p, count)
    if (!replace && size > count) throw new RangeError(`${size} of ${count} cannot be chosen without replacement`)
    if (size === 0) return new Int32Array(0)
    if (p === undefined)
      return replace ? Int32Array.from(this.randint(0, count, size)) : this.permutation(count).slice(0, size)
    return replace ? placesIn(cumulative(p), this.rand(size)) : this.#choiceWithoutReplacement(size, p)
  }

  // As many as are missing are drawn, what comes twice is kept once, and again with those that were taken at 0.
  #choiceWithoutReplacement(size: number, given: ArrayLike<number>): Int32Array {
    const p = Float64Array.from(given)
    const possible = p.reduce((sum, probability) => sum + Number(probability > 0), 0)
    if (possible < size) throw new RangeError(`${size} cannot be chosen where ${possible} have a probability above 0`)
    const chosen = new Set<number>()
    while (chosen.size < size) {
      const drawn = this.rand(size - chosen.size)
      for (const taken of chosen) p[taken] = 0
      for (const place of placesIn(cumulative(p), drawn)) chosen.add(place)
    }
    return Int32Array.from(chosen)
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

function checkProbabilities(p: ArrayLike<number>, count: number): void {
  if (p.length !== count) throw new RangeError(`there are ${p.length} probabilities for ${count}`)
  let sum = 0
  for (let i = 0; i < count; i++) {
    const probability = p[i] as number
    if (!(probability >= 0)) throw new RangeError(`${probability} is no probability`)
    sum += probability
  }
  // numpy's tolerance.
  if (!(Math.abs(sum - 1) <= Math.sqrt(Number.EPSILON)))
    throw new RangeError(`probabilities add up to 1, not to ${sum}`)
}

/** np.cumsum, one after the other, divided by its last. */
function cumulative(p: ArrayLike<number>): Float64Array {
  let sum = 0
  const sums = Float64Array.from(p, probability => (sum += probability))
  return sums.map(value => value / sum)
}

/** np.searchsorted(sorted, values, side='right'): how many of `sorted` are not above each value. */
function placesIn(sorted: Float64Array, values: Float64Array): Int32Array {
  return Int32Array.from(values, value => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle] as number) <= value) low = middle + 1
      else high = middle
    }
    return low
  })
}
