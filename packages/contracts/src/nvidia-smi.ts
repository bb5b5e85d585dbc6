// nvidia-smi as text: what to ask it, and how to read the answers of old and new, well and broken drivers. Pure; whoever runs it
// (the probe, the worker) hands in what came. Every field is held against its pattern: what does not fit is trouble, never a fact.
import type { NodeSighting } from './node-facts.ts'

/**
 * R470 and older know no `compute_cap`, and refuse the whole question for it, with exit code 2 or 6 (Field "compute_cap" is not a
 * valid field to query): they are asked again without.
 */
export const NVIDIA_SMI = {
  gpus: ['nvidia-smi', '--query-gpu=name,driver_version,compute_cap', '--format=csv,noheader'],
  gpusOfOldDriver: ['nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader'],
  /** The table for people: only its head says which CUDA the driver runs, from R410 on. */
  header: ['nvidia-smi'],
} as const

/** stdout and stderr together: complaints were seen on either. */
export interface ProgramAnswer {
  /** 127: there is no such program; 124 or 137: it was ended by timeout(1). */
  readonly exitCode: number
  readonly text: string
}

export type GpuSighting = Pick<NodeSighting, 'driver' | 'cudaMax' | 'gpus' | 'gpuTrouble'>

const DRIVER = String.raw`\d{3,4}(?:\.\d{1,4}){1,2}`
const WITH_CAPABILITY = new RegExp(String.raw`^([^[,][^,]*), (${DRIVER}), (?:(\d{1,2})[.,](\d)|\[?[A-Za-z/ ]+\]?)$`)
const WITHOUT_CAPABILITY = new RegExp(`^([^[,][^,]*), (${DRIVER})$`)

const MOST_GPUS = 64
const MOST_TROUBLE = 1000

/**
 * @param gpusOfOldDriver null: was not asked, because the first question was answered
 * @param header null: was not asked
 */
export function readNvidiaSmi(answers: {
  gpus: ProgramAnswer
  gpusOfOldDriver: ProgramAnswer | null
  header: ProgramAnswer | null
}): GpuSighting {
  const { gpus, gpusOfOldDriver, header } = answers
  const first = read(gpus, WITH_CAPABILITY)
  const told = first.gpus.length === 0 && gpusOfOldDriver !== null ? read(gpusOfOldDriver, WITHOUT_CAPABILITY) : first
  const drivers = new Set(told.drivers)
  const [driver = null] = drivers
  const cudaMax = header === null ? null : /CUDA (?:\w+ )?Version:\s*(\d{1,2}\.\d{1,2})\b/.exec(header.text)?.[1]
  if (driver !== null && drivers.size > 1) {
    const gpuTrouble = `nvidia-smi names two drivers: ${[...drivers].join(' and ')}`
    return { driver: null, cudaMax: null, gpus: told.gpus, gpuTrouble }
  }
  const gpuTrouble = told.trouble ?? (driver === null ? 'nvidia-smi names no GPU' : null)
  return { driver, cudaMax: driver === null ? null : (cudaMax ?? null), gpus: told.gpus, gpuTrouble }
}

function read({ exitCode, text }: ProgramAnswer, pattern: RegExp) {
  const gpus: NodeSighting['gpus'] = []
  const drivers: string[] = []
  const strange: string[] = []
  for (const line of text.split('\n').map(each => each.trim())) {
    if (line === '') continue
    const [, name, driver, major, minor] = pattern.exec(line) ?? []
    if (name === undefined || driver === undefined || !isName(name)) {
      strange.push(printable(line))
    } else if (gpus.length < MOST_GPUS) {
      gpus.push({ name, computeCapability: major === undefined ? null : `${Number(major)}.${minor}` })
      drivers.push(driver)
    }
  }
  return { gpus, drivers, trouble: troubleOf(exitCode, strange) }
}

/** The first three lines that are no GPU: "Failed to initialize NVML: Driver/library version mismatch" has its versions below. */
function troubleOf(exitCode: number, strange: readonly string[]): string | null {
  if (exitCode === 127) return 'there is no nvidia-smi'
  if (exitCode === 124 || exitCode === 137) return 'nvidia-smi did not answer in time'
  if (exitCode === 0 && strange.length === 0) return null
  const words = strange.slice(0, 3).join(' / ')
  const ended = exitCode === 0 ? '' : ` (exit code ${exitCode})`
  return `nvidia-smi: ${words === '' ? 'no words' : words}`.slice(0, MOST_TROUBLE - ended.length) + ended
}

const isName = (text: string): boolean => text.length <= 200 && printable(text) === text
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?')
