// Gate 1: does this driver drive this GPU? Drivers drop architectures (Kepler ends with R470) and learn new ones.
import type { CompatibilityFinding } from '@trotline/contracts'
import { finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { architectureOf, type Matrix } from '../matrix/matrix.ts'
import { dotted } from '../versions/dotted.ts'
import { reaches } from '../versions/driver.ts'
import { withinBranch } from './driver-cuda.ts'

/** Branches come in steps of five and ten; R616 still belongs to R615. */
const BRANCH_STEP = 5

/** Empty where driver or GPU are not known: that was said already. */
export function driverGpu(node: Node, matrix: Matrix): CompatibilityFinding[] {
  const { driver, capability, gpu } = node
  if (driver === null || capability === null) return []
  const architecture = architectureOf(capability, matrix)
  if (architecture === null) return []
  const { row, firstDriver, lastBranch } = architecture
  const name = `${gpu?.product ?? `A GPU of compute capability ${row.capability}`} (${row.architecture})`
  const branch = driver[0] ?? 0
  if (lastBranch !== null && branch > lastBranch)
    return [
      finding(
        'driver-gpu',
        'gpu-dropped-by-driver',
        'incompatible',
        `${name} is driven up to driver branch ${row.lastBranch}; this node has ${node.driverText}, which no longer knows it.`,
        {
          required: `${row.lastBranch} or older`,
          found: node.driverText,
          hint: `Ask the administrators which driver the node really has, or take a partition with newer GPUs.`,
          from: [row],
        },
      ),
    ]
  const findings: CompatibilityFinding[] = []
  const driven = firstDriver === null ? true : reaches(driver, firstDriver)
  if (driven === null) return [{ ...withinBranch(name, row.firstDriver ?? '', node, row), gate: 'driver-gpu' }]
  if (!driven)
    return [
      finding(
        'driver-gpu',
        'gpu-newer-than-driver',
        'incompatible',
        `${name} is driven from driver ${row.firstDriver} on; this node has ${node.driverText}.`,
        {
          required: `${row.firstDriver} or newer`,
          found: node.driverText,
          hint: 'The node needs a newer driver.',
          from: [row],
        },
      ),
    ]
  if (gpu?.minDriver !== undefined && reaches(driver, dotted(gpu.minDriver)) !== true)
    findings.push(
      finding(
        'driver-gpu',
        'gpu-newer-than-driver',
        'compatible-with-warning',
        `For ${gpu.product} a driver from ${gpu.minDriver} on is recommended; this node has ${node.driverText}.`,
        { required: `${gpu.minDriver} or newer`, found: node.driverText, from: [gpu] },
      ),
    )
  if (branch >= matrix.newestBranch + BRANCH_STEP)
    findings.push(
      finding(
        'driver-gpu',
        'driver-newer-than-matrix',
        'unknown',
        `Driver ${node.driverText} is newer than the matrix (${matrix.asOf}), which ends at R${matrix.newestBranch}: whether it still drives this GPU is not known.`,
        {
          required: `a driver up to R${matrix.newestBranch}`,
          found: node.driverText,
          hint: 'A row for it has to be added to the matrix first.',
        },
      ),
    )
  if (row.openKernelModules)
    findings.push(
      finding(
        'driver-gpu',
        'open-kernel-modules',
        'compatible',
        `${name} runs with NVIDIA's open kernel modules only; which ones the node has cannot be seen from the version.`,
        { required: 'open kernel modules', from: [row] },
      ),
    )
  if (findings.every(one => one.verdict === 'compatible'))
    findings.unshift(
      finding('driver-gpu', 'gpu-driven', 'compatible', `${name} is driven by driver ${node.driverText}.`, {
        required: row.lastBranch === null ? null : `${row.lastBranch} or older`,
        found: node.driverText,
        from: [row],
      }),
    )
  return findings
}
