// Which environments lie made on a cluster, by their markers.
import { ENVIRONMENT_FILES } from '@trotline/contracts'
import type { Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import { environmentsOf } from './environment-directory.ts'

const LIST = `
[ -d "$1" ] || exit 3
[ -d "$1/$2" ] || exit 0
cd -- "$1/$2"
for file in *.json; do [ ! -e "$file" ] || printf '%s\\n' "\${file%.json}"; done
`

/** Ids of locks. @throws OrchestratorError WORK_DIR_AWAY the folder of all environments is not there, so that nothing is known */
export async function listMade(transport: Transport, workDir: string): Promise<string[]> {
  const argv = ['sh', '-c', LIST, 'list-environments', environmentsOf(workDir), ENVIRONMENT_FILES.made]
  const { exitCode, stdout } = await transport.exec(argv, {
    timeLimitMs: 30_000,
    maxOutputBytes: 4_194_304,
    lane: 'query',
  })
  if (exitCode !== 0)
    throw new OrchestratorError('WORK_DIR_AWAY', `${environmentsOf(workDir)} is not there, or cannot be read`)
  return stdout.split('\n').filter(line => /^[0-9a-f]{64}$/.test(line))
}
