// What was wanted last, so many things at most.

export class Recent<T> {
  readonly #most: number
  /** A Map lists its keys in the order in which they came. */
  readonly #entries = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break
      this.#entries.delete(oldest)
    }
  }

  /** Only if it is that one still. */
  delete(key: string, value: T): void {
    if (this.#entries.get(key) === value) this.#entries.delete(key)
  }

  deleteAll(startingWith: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(startingWith)) this.#entries.delete(key)
  }
}
