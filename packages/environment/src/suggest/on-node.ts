// A candidate's software on the node that was asked about. How its environment would be solved is set right on the way: what the
// solver is told of the driver has to be what the node has.
import type { CompatibilityQuestion, Hardware, Software } from '@trotline/contracts'
import { solverCuda } from '../builds/wanted.ts'
import { newestCudaOf } from '../gates/driver-cuda.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { parseDriver } from '../versions/driver.ts'

interface OnNode {
  question: CompatibilityQuestion
  /** What CONDA_OVERRIDE_CUDA has to be; null: nothing is solved, or it is right. */
  override: { from: string | null; to: string } | null
}

export function onNode(software: Software, asked: CompatibilityQuestion, matrix: Matrix): OnNode {
  const question = { ...hardwareOf(asked), ...software }
  if (asked.solveHost === undefined && asked.virtualPackages === undefined) return { question, override: null }
  const driver = asked.driver === undefined ? null : parseDriver(asked.driver)
  const newest = driver === null ? null : newestCudaOf(driver, matrix)
  const told = solverCuda(asked)
  if (newest === null || told === newest.newestCuda) return { question, override: null }
  return { question, override: { from: told, to: newest.newestCuda } }
}

export function hardwareOf(asked: CompatibilityQuestion): Hardware {
  const { driver, gpu, computeCapability, glibc, cpuArch, slurmFeatures } = asked
  return Object.fromEntries(
    Object.entries({ driver, gpu, computeCapability, glibc, cpuArch, slurmFeatures }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}
