// NVIDIA's Linux drivers: 535.104.05 is of branch R535. Windows drivers have another number line and are not known here.
import { compareDotted, type Dotted, parseDotted } from './dotted.ts'

/** No driver that knows CUDA has a number below 100: what does is a CUDA version in the wrong place, and null. */
export function parseDriver(text: string): Dotted | null {
  const version = parseDotted(text.trim().replace(/^R(?=\d)/i, ''))
  return version !== null && (version[0] ?? 0) >= 100 ? version : null
}

/**
 * Whether it is this driver or a newer one. null: only its branch is given ("525", R525), and `floor` lies within the branch: some
 * drivers of it are older, some are not.
 */
export function reaches(driver: Dotted, floor: Dotted): boolean | null {
  if (driver.length === 1 && driver[0] === floor[0] && compareDotted(floor, driver) > 0) return null
  return compareDotted(driver, floor) >= 0
}

/** 535 of R535. */
export const branchNumber = (branch: string): number => Number(branch.replace(/^R/, ''))
