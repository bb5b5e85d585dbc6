// Forward compatibility: cuda-compat-X-Y brings a newer libcuda to an older driver. Data-center GPUs only, and only on the
// driver branches that NVIDIA lists; it does not bring back architectures that the newer CUDA dropped.
import type { CompatibilityFinding } from '@trotline/contracts'
import { type Evidence, finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { listed } from '../listed.ts'
import { type Matrix, type Row, ruleOf } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, dotted, minorOf, showDotted } from '../versions/dotted.ts'
import type { CudaAsked, DriverCuda, Way } from './way.ts'

/** without: the package is no help, and only the driver itself is left. */
export interface Forward {
  way: Way | 'without'
  findings: CompatibilityFinding[]
}

/** null: the package makes no difference on this driver, and the question is as if it were not there. */
export function forwardCompat(
  asked: CudaAsked,
  name: string,
  node: Node,
  driver: Dotted,
  matrix: Matrix,
): Forward | null {
  const packageName = name.trim().toLowerCase()
  const enabled = cudaOfPackage(packageName)
  const row = matrix.tables.forwardCompat.find(one => one.package === packageName)
  const rule = ruleOf('forward-compat', matrix)
  if (enabled !== null && rule.from !== undefined && compareDotted(enabled, dotted(rule.from)) < 0)
    return without(
      `There is no ${name}: forward compatibility was introduced with CUDA ${rule.from}.`,
      `cuda-compat of CUDA ${rule.from} or newer`,
      name,
      rule,
    )
  if (enabled === null || row === undefined) {
    const detail =
      enabled === null
        ? `"${name}" is not the name of a cuda-compat package.`
        : `The matrix does not know on which drivers ${name} runs.`
    return unknown('forward-compat-unknown', detail, 'a package such as cuda-compat-13-0', name)
  }
  if (compareDotted(enabled, minorOf(asked.cuda)) < 0)
    return without(
      `${name} brings CUDA ${showDotted(enabled)}; ${asked.name} needs more.`,
      `cuda-compat-${asked.cuda[0]}-${asked.cuda[1] ?? 0} or newer`,
      name,
      row,
    )
  return eligible(asked, name, row, node, matrix) ?? onBase(asked, name, row, node, driver, matrix)
}

function eligible(
  asked: CudaAsked,
  name: string,
  row: Row<'forwardCompat'>,
  node: Node,
  matrix: Matrix,
): DriverCuda | null {
  const rule = ruleOf('forward-compat-not-eligible', matrix)
  if (node.gpu === null)
    return unknown(
      'forward-compat-unknown',
      `Whether ${name} may be used depends on the GPU's product, which is not known.`,
      'a data-center GPU',
      null,
    )
  if (node.gpu.forwardCompat === 'some')
    return unknown(
      'forward-compat-unknown',
      `Of the RTX line only some products may use ${name}; the matrix does not know whether ${node.gpu.product} is one.`,
      'a data-center GPU, or an NGC-Ready RTX',
      node.gpu.product,
    )
  if (node.gpu.forwardCompat === 'yes') return null
  return refuse(
    'forward-compat-not-eligible',
    `${name} works on data-center GPUs only: on ${node.gpu.product} ${asked.name} fails with error 804.`,
    {
      required: 'a data-center GPU',
      found: node.gpu.product,
      hint: 'Leave it out and take a build for the CUDA that the driver runs.',
      from: [rule, row, node.gpu],
    },
  )
}

function onBase(
  asked: CudaAsked,
  name: string,
  row: Row<'forwardCompat'>,
  node: Node,
  driver: Dotted,
  matrix: Matrix,
): Forward | null {
  const branch = `R${driver[0]}`
  const kind = matrix.branches.get(driver[0] ?? 0)?.kind
  const oldEnough = row.minDriver === undefined || compareDotted(driver, dotted(row.minDriver)) >= 0
  if (row.bases.includes(branch) && oldEnough)
    return {
      way: 'forward',
      findings: [
        finding(
          'driver-cuda',
          'forward-compat',
          'compatible-with-warning',
          `Driver ${node.driverText} runs ${asked.name} with the libraries of ${name}.`,
          {
            required: `${name} on ${listed(row.bases, 'or')}`,
            found: node.driverText,
            hint: 'Put its libraries into LD_LIBRARY_PATH in the job, and nowhere else.',
            from: [row, ruleOf('forward-compat', matrix)],
          },
        ),
      ],
    }
  // The branch that a package is made for is no base, and needs none.
  if (
    matrix.branches.get(driver[0] ?? 0)?.newestCuda ===
    name.trim().toLowerCase().replace('cuda-compat-', '').replace('-', '.')
  )
    return null
  const why =
    kind === 'new-feature' ? `${branch} is a new-feature branch, which is never one` : `${branch} is not one of them`
  const { findings } = refuse(
    'forward-compat-branch',
    `${name} runs on the driver branches ${row.bases.length === 0 ? '(none)' : listed(row.bases, 'and')}; this node has ${node.driverText}, and ${why}.`,
    {
      required: row.bases.length === 0 ? 'no branch is a base' : listed(row.bases, 'or'),
      found: node.driverText,
      hint: 'Leave it out and take a build for the CUDA that the driver runs.',
      from: [row],
    },
  )
  return { way: 'without', findings }
}

/** cuda-compat-13-0 brings CUDA 13.0. */
function cudaOfPackage(name: string): Dotted | null {
  const [, major, minor] = /^cuda-compat-(\d{1,3})-(\d{1,3})$/.exec(name) ?? []
  return major === undefined ? null : [Number(major), Number(minor)]
}

type Words = Parameters<typeof finding>[4]

const without = (detail: string, required: string, found: string, from: Evidence): Forward => ({
  way: 'without',
  findings: [
    finding('driver-cuda', 'forward-compat-too-old', 'incompatible', detail, {
      required,
      found,
      hint: `Take ${required}, if the driver is a base for it.`,
      from: [from],
    }),
  ],
})

const refuse = (rule: string, detail: string, words: Words): DriverCuda =>
  one('refused', rule, 'incompatible', detail, words)

const unknown = (rule: string, detail: string, required: string, found: string | null): DriverCuda =>
  one('unknown', rule, 'unknown', detail, { required, found })

const one = (
  way: DriverCuda['way'],
  rule: string,
  verdict: CompatibilityFinding['verdict'],
  detail: string,
  words: Words,
): DriverCuda => ({ way, findings: [finding('driver-cuda', rule, verdict, detail, words)] })
