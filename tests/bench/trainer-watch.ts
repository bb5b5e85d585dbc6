// What a stretch of work in this process costs.
import type { Cost } from './trainer-yardstick.ts'

export interface Watch {
  /** Since it was started. */
  seconds(): number
  cost(units: number): Cost
}

export function startWatch(): Watch {
  const began = performance.now()
  const used = process.cpuUsage()
  return {
    seconds: () => (performance.now() - began) / 1_000,
    cost(units) {
      const { user, system } = process.cpuUsage(used)
      return {
        milliseconds: (performance.now() - began) / units,
        processorMilliseconds: (user + system) / 1_000 / units,
      }
    },
  }
}
