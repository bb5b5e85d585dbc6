// Tells whatever waits on a connection (or on one channel of it) that it is gone.
// Not a promise to race against: those keep every waiter of a connection that lives for weeks.
import type { SlurmError } from './errors.ts'

export class Loss {
  #error: SlurmError | null = null
  readonly #listeners = new Set<(error: SlurmError) => void>()

  get error(): SlurmError | null {
    return this.#error
  }

  /** The first loss counts. */
  lose(error: SlurmError): void {
    if (this.#error) return
    this.#error = error
    for (const listener of this.#listeners) listener(error)
    this.#listeners.clear()
  }

  onLost(listener: (error: SlurmError) => void): void {
    if (this.#error) listener(this.#error)
    else this.#listeners.add(listener)
  }

  /** The work, or the loss if that comes first. */
  orLost<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.onLost(reject)
      const forget = () => void this.#listeners.delete(reject)
      work.then(resolve, reject).then(forget, forget)
    })
  }
}
