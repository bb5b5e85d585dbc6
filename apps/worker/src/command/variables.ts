// The variables that a command starts with: those of the job as Slurm and the operator's prologue left them, its environment's in front, and
// what it may want to know of its run. Pure. None of them leads to how the run reports.
import { delimiter } from 'node:path'

export interface CommandPlace {
  jobId: string
  run: string
  /** The environment's prefix; null: it runs with what the node has. */
  prefix: string | null
  /** TROTLINE_EPOCHS. */
  reported: string
  /** TROTLINE_CHECKPOINTS. */
  checkpoints: string
  /** TROTLINE_RESUME; null: there is nothing to go on from. */
  resume: string | null
  seed: number
}

/** Another environment's, or another Python's: with them a program runs in the environment with packages that its lock does not name. */
const OF_OTHERS = /^(?:CONDA_|_CE_|MAMBA_|PYTHONPATH$|PYTHONHOME$|PYTHONSTARTUP$|VIRTUAL_ENV$|R_LIBS)/

/**
 * @param inherited what the worker was started with, before it set anything for itself
 * @param asked the request's; the contract refuses names that Slurm, the loader or this service needs
 */
export function variablesOf(
  inherited: NodeJS.ProcessEnv,
  asked: Readonly<Record<string, string>>,
  place: CommandPlace,
): NodeJS.ProcessEnv {
  const { prefix } = place
  const kept = Object.entries(inherited).filter(
    ([name]) => !name.startsWith('TROTLINE_') && (prefix === null || !OF_OTHERS.test(name)),
  )
  const own = Object.fromEntries(kept)
  return {
    ...own,
    ...(prefix === null ? {} : entered(prefix, own.PATH)),
    PYTHONUNBUFFERED: '1',
    PYTHONHASHSEED: String(place.seed),
    ...asked,
    TROTLINE_JOB: place.jobId,
    TROTLINE_RUN: place.run,
    TROTLINE_SEED: String(place.seed),
    TROTLINE_EPOCHS: place.reported,
    TROTLINE_CHECKPOINTS: place.checkpoints,
    ...(place.resume === null ? {} : { TROTLINE_RESUME: place.resume }),
  }
}

/** As conda sets them. PYTHONNOUSERSITE: packages in ~/.local are none of the lock's. */
const entered = (prefix: string, path: string | undefined): NodeJS.ProcessEnv => ({
  PATH: [`${prefix}/bin`, ...(path ? [path] : [])].join(delimiter),
  CONDA_PREFIX: prefix,
  CONDA_DEFAULT_ENV: prefix,
  CONDA_SHLVL: '1',
  PYTHONNOUSERSITE: '1',
})
