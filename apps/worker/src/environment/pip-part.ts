// The pip part of a lock: installed by the environment's own pip, with hashes, without resolving anything. The argv is pure; an index
// goes by the environment, where nobody reads it in `ps`.
import type { BuildOrder } from '@trotline/contracts'
import { type BuildFailure, buildFailure } from './build-failure.ts'
import type { InstallCommand } from './install-command.ts'
import { type InstallerEnd, installerFailure } from './installer-failure.ts'

export interface PipOrder extends Pick<BuildOrder, 'pipIndex' | 'offline'> {
  prefix: string
  /** Of the requirements with their hashes. */
  requirements: string
  wheels: string
}

/** @throws BuildFailure pip-failed: the lock's conda part has no python or no pip, or there is no index */
export function checkPip({ lock, offline, pipIndex }: Pick<BuildOrder, 'lock' | 'offline' | 'pipIndex'>): void {
  if (lock.pip.length === 0) return
  const lacking = ['python', 'pip'].filter(name => !lock.conda.some(one => one.name === name))
  const what = lock.pip.length === 1 ? `${lock.pip[0]?.name} comes` : `${lock.pip.length} packages come`
  if (lacking.length > 0)
    throw buildFailure('pip-failed', `${what} by pip, and the environment has no ${lacking.join(' and no ')} of conda.`)
  if (!offline && pipIndex === null)
    throw buildFailure('pip-failed', `${what} by pip, and no index is configured that it may take from.`)
}

/**
 * pip 10 of 2018 and later know all of these. Builds from source use what the environment has: what would be fetched for them is in no
 * lock. PIP_CONFIG_FILE=/dev/null shuts out every configuration file, the machine's as well (pip's configuration.py).
 */
export function pipCommand(
  { prefix, requirements, wheels, pipIndex, offline }: PipOrder,
  env: Readonly<Record<string, string>>,
): InstallCommand {
  return {
    argv: [
      `${prefix}/bin/python`,
      '-m',
      'pip',
      'install',
      '--no-deps',
      '--require-hashes',
      '--no-build-isolation',
      '--no-cache-dir',
      '--disable-pip-version-check',
      ...(offline ? ['--no-index', '--find-links', wheels] : []),
      '--requirement',
      requirements,
    ],
    env: {
      ...env,
      PATH: `${prefix}/bin:${env.PATH ?? ''}`,
      CONDA_PREFIX: prefix,
      PYTHONDONTWRITEBYTECODE: '1',
      PIP_CONFIG_FILE: '/dev/null',
      PIP_NO_INPUT: '1',
      PIP_PROGRESS_BAR: 'off',
      ...(offline || pipIndex === null ? {} : { PIP_INDEX_URL: pipIndex }),
    },
  }
}

const HASHES = /DO NOT MATCH THE HASHES|HashMismatch|Hashes are required/i
const NOT_THERE = /No matching distribution found|Could not find a version/i
const NETWORK =
  /Connection (?:refused|reset|broken|aborted)|NewConnectionError|Max retries exceeded|ReadTimeout|timed out|Temporary failure in name resolution|HTTP error 5\d\d/i

export function pipFailure(end: InstallerEnd): BuildFailure {
  // The same words of a full disk as elsewhere.
  const general = installerFailure({ tool: 'conda', version: null }, end).trouble
  if (general.code === 'storage') return buildFailure('storage', general.detail.replace(/^conda/, 'pip'), general)
  const said = end.tail.join('\n')
  const evidence = end.tail.slice(-12)
  if (HASHES.test(said))
    return buildFailure('archive-changed', 'pip was given a file with another hash than the lock has.', { evidence })
  if (NETWORK.test(said))
    return buildFailure('archive-unavailable', 'pip could not fetch a file: the network, or the index, failed.', {
      evidence,
      transient: true,
    })
  if (NOT_THERE.test(said))
    return buildFailure(
      'archive-unavailable',
      'pip found no file of the lock: it is no longer there, or not for this Python.',
      {
        evidence,
      },
    )
  return buildFailure('pip-failed', `pip ended with ${end.signal ?? `exit code ${end.code}`}.`, { evidence })
}
