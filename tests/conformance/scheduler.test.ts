// The real scheduler on clusters of its own, and the scripted one that integration/lifecycle.test.ts uses, against the one contract.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createLocalTransport, createSlurmScheduler, createSsh2Transport, type Transport } from '@trotline/slurm'
import { startDaemon, stopDaemon } from '../../deploy/local/cluster.ts'
import { ownCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { ScriptedSlurm } from '../support/scripted-scheduler.ts'
import { type Stage, schedulerConformance } from './scheduler.ts'

schedulerConformance('real', {
  withAccounting: () => realStage({ accounting: true }),
  withoutAccounting: () => realStage({ accounting: false }),
})
schedulerConformance('scripted', {
  withAccounting: async () => scriptedStage(new ScriptedSlurm()),
  withoutAccounting: async () => {
    const slurm = new ScriptedSlurm()
    slurm.accounting = 'off'
    return scriptedStage(slurm)
  },
})

/** A user whom every machine has and who submits nothing. */
const ANOTHER = 'nobody'

async function realStage({ accounting }: { accounting: boolean }): Promise<Stage> {
  // squeue forgets soon enough to wait for it, and late enough to be asked before.
  const cluster = await ownCluster({ accounting, minJobAgeSeconds: 6 })
  const { home } = cluster
  const { user, ...ssh } = cluster.ssh
  const folder = await mkdtemp(join(tmpdir(), 'scheduler-'))
  await chmod(folder, 0o755)
  // Slurm's own clients look for an absent slurmctld for as long as a message may take, 10 s by default, and scancel twice.
  const slurmConf = join(folder, 'slurm.conf')
  await writeFile(slurmConf, `${await readFile(cluster.slurmConf, 'utf8')}MessageTimeout=5\n`)
  const opened: Transport[] = []
  const kept = (transport: Transport): Transport => {
    opened.push(transport)
    return transport
  }
  const local = kept(createLocalTransport())
  const transport: Transport = {
    ...local,
    health: local.health,
    exec: (argv, options) => local.exec(['env', `SLURM_CONF=${slurmConf}`, ...argv], options),
  }
  const shown = (id: string): Promise<string> =>
    slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%i %T']).then(
      rows =>
        rows
          .split('\n')
          .find(row => row.startsWith(`${id} `))
          ?.split(' ')[1] ?? 'absent',
    )
  const shows = (id: string, ...words: string[]): Promise<boolean> =>
    eventually(`job ${id} is ${words.join(' or ')}`, async () => words.includes(await shown(id)))
  return {
    open: () => createSlurmScheduler({ transport, user }),
    openForAnother: () => createSlurmScheduler({ transport, user: ANOTHER }),
    async openWithWrongKey() {
      const privateKeyFile = join(await mkdtemp(join(folder, 'key-')), 'strange')
      await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', privateKeyFile])
      return createSlurmScheduler({
        transport: kept(createSsh2Transport({ ...ssh, username: user, privateKeyFile })),
        user,
      })
    },
    // The job ends when a file with its exit code lies beside the others.
    submit: name => {
      const script = `until [ -s ${folder}/$SLURM_JOB_ID ]; do sleep 0.2; done; exit $(cat ${folder}/$SLURM_JOB_ID)`
      const fixed = ['--parsable', '--hold', '--output=/dev/null', '--chdir=/', '--time=60']
      return slurm(cluster, ['sbatch', ...fixed, `--job-name=${name}`, `--wrap=${script}`])
    },
    async run(id) {
      await slurm(cluster, ['scontrol', 'release', id])
      await shows(id, 'RUNNING')
    },
    async end(id, exitCode) {
      await writeFile(join(folder, id), String(exitCode))
      await shows(id, 'COMPLETED', 'FAILED')
    },
    async forget(id) {
      await shows(id, 'absent')
    },
    slurmctld: is => (is === 'away' ? stopDaemon(home, 'slurmctld') : startDaemon(home, 'slurmctld')),
    accounting: is => (is === 'away' ? stopDaemon(home, 'slurmdbd') : startDaemon(home, 'slurmdbd')),
    async order(name) {
      const directory = await mkdtemp(join(folder, 'job-'))
      const script = '#!/bin/bash\n#SBATCH --hold\n#SBATCH --output=/dev/null\ntrue\n'
      await writeFile(join(directory, 'script.sh'), script)
      const sha256 = createHash('sha256').update(script).digest('hex')
      const files = [{ path: 'script.sh', sha256 }]
      return { directory, submission: 1, name, scriptFile: 'script.sh', files, mode: 'submit' }
    },
    async close() {
      for (const one of opened) await one.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function scriptedStage(scripted: ScriptedSlurm): Stage {
  scripted.fail('refused', 'SSH_AUTH')
  return {
    open: () => scripted.schedulerOf('ada'),
    openForAnother: () => scripted.schedulerOf(ANOTHER),
    openWithWrongKey: async () => scripted.schedulerOf('refused'),
    submit: async name => scripted.submit('ada', name),
    run: async id => scripted.become(id, 'RUNNING'),
    end: async (id, code) => scripted.become(id, code === 0 ? 'COMPLETED' : 'FAILED', { code, signal: 0 }),
    forget: async id => scripted.forget(id),
    slurmctld: async is => {
      scripted.slurmctld = is
    },
    accounting: async is => {
      scripted.accounting = is === 'away' ? 'away' : 'on'
    },
    order: null,
    close: async () => {},
  }
}
