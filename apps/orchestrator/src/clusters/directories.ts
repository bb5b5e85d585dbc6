// Makes the folders that all jobs of a cluster share, with the modes of ARCHITECTURE.md ("On the cluster"). Those of a job: bring.ts.
import type { Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'

// jobs/ is sticky and open, as /tmp is, so that several Unix users share one workDir; each user's folder in it is
// private, and one that somebody else made first is refused rather than used (bring.ts). Several make them at once: whoever comes
// second finds them made.
const MAKE_SHARED = `
set -eu
umask 022
mkdir -p -- "$1"
cd -- "$1"
for folder in releases environments; do [ -d "$folder" ] || mkdir -m 0755 -- "$folder" || [ -d "$folder" ]; done
[ -d jobs ] || { { mkdir -m 0755 -- jobs || [ -d jobs ]; } && chmod 1777 -- jobs; }
`

export const makeSharedDirectories = (transport: Transport, workDir: string): Promise<void> =>
  run(transport, ['sh', '-c', MAKE_SHARED, 'make-shared', workDir], workDir)

async function run(transport: Transport, argv: string[], workDir: string): Promise<void> {
  const result = await transport.exec(argv, { timeLimitMs: 30_000, maxOutputBytes: 65_536, lane: 'submit' })
  if (result.exitCode === 0) return
  throw new OrchestratorError(
    'DIRECTORY_REFUSED',
    `The folders under ${workDir} could not be made: ${firstLine(result.stderr)}`,
    {
      details: { exitCode: result.exitCode, stderr: result.stderr.slice(0, 2_000) },
    },
  )
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''
