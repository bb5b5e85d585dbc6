// What of a question is the node's, and how an environment for that node is to be solved.
import type { CompatibilityQuestion, Hardware } from '@trotline/contracts'
import { solverCuda } from '../builds/wanted.ts'
import { newestCudaOf } from '../gates/driver-cuda.ts'
import { hasCompatLibraries } from '../gates/stale-libraries.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { parseDriver } from '../versions/driver.ts'

export function hardwareOf(asked: CompatibilityQuestion): Hardware {
  const { driver, gpu, computeCapability, glibc, cpuArch, slurmFeatures } = asked
  return Object.fromEntries(
    Object.entries({ driver, gpu, computeCapability, glibc, cpuArch, slurmFeatures }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

/**
 * The question's environment without what hinders: the solver is told of the CUDA that the node's driver has, and no cuda-compat
 * libraries are left in LD_LIBRARY_PATH.
 */
export function envFor(asked: CompatibilityQuestion, matrix: Matrix): Record<string, string> | undefined {
  const { LD_LIBRARY_PATH: path, ...env } = asked.env ?? {}
  const kept = path
    ?.split(':')
    .filter(folder => !hasCompatLibraries(folder))
    .join(':')
  const told = newestForSolver(asked, matrix)
  const whole = {
    ...env,
    ...(kept === undefined || kept === '' ? {} : { LD_LIBRARY_PATH: kept }),
    ...(told === null ? {} : { CONDA_OVERRIDE_CUDA: told }),
  }
  return Object.keys(whole).length === 0 ? undefined : whole
}

/** null: nothing is solved, or what the solver is told is right. */
function newestForSolver(asked: CompatibilityQuestion, matrix: Matrix): string | null {
  if (asked.solveHost === undefined && asked.virtualPackages === undefined) return null
  const driver = asked.driver === undefined ? null : parseDriver(asked.driver)
  const newest = driver === null ? null : newestCudaOf(driver, matrix)
  return newest === null || solverCuda(asked) === newest.newestCuda ? null : newest.newestCuda
}
