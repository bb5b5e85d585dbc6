// Environments on a real Slurm: made by the worker's own maker with a stand-in for the installer (no registry of packages has a real one),
// from real archives of a channel on this machine. One install for many jobs; what dies, fails, is cancelled or drifts is told and mended.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import type { Collection, EnvironmentLock, EnvironmentMade, Materialisation, Why } from '@trotline/contracts'
import { BuildState } from '@trotline/contracts'
import { ENVIRONMENT_CRASH_POINTS } from '../../apps/orchestrator/src/index.ts'
import { readProcess } from '../../deploy/local/proc.ts'
import { createApi } from '../support/api.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { type BuiltChannel, buildChannel } from '../support/conda-channel.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story, type StoryOptions } from '../support/orchestrator.ts'
import { createUnixUser } from '../support/unix-user.ts'

const CHANNEL = 'https://channel.example.org/main'
const INSTALLER = resolve(import.meta.dirname, '../support/stand-in-installer/bin/micromamba')
const GREETING = 'bin/greet'

const folder = mkdtempSync(join(tmpdir(), 'trotline-channel-'))
let server: ChannelServer
let channel: BuiltChannel
before(async () => {
  chmodSync(folder, 0o755)
  const greet = { content: '#!/bin/sh\necho "hello from $CONDA_PREFIX"\n', executable: true }
  channel = await buildChannel(join(folder, 'main'), [
    { name: 'base', version: '1.0', build: '0', files: { 'share/base.txt': 'base\n' } },
    {
      name: 'greet',
      version: '2.1',
      build: 'h1_0',
      depends: ['base'],
      files: { [GREETING]: greet, 'lib/greet.txt': 'greetings\n' },
    },
    { name: 'other', version: '1.0', build: '0', depends: ['base'] },
  ])
  server = await serveChannels(folder)
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const lockOf = (...names: string[]): EnvironmentLock => ({
  v: 1,
  platform: 'linux-64',
  virtualPackages: [],
  conda: names.map(wanted => {
    const [at, entry] = [...channel.entries].find(([, { name }]) => name === wanted) ?? assert.fail(`no ${wanted}`)
    const { name, version, build, md5, sha256, size } = entry
    return { name, version, build, subdir: 'linux-64', url: `${CHANNEL}/${at}`, md5, sha256, size }
  }),
  pip: [],
})

async function story(
  t: Parameters<typeof createStory>[0],
  environments: Record<string, unknown> = {},
  source: Record<string, unknown> = { mirror: `${server.url}/main` },
  rest: Partial<StoryOptions> = {},
  identities?: object[],
): Promise<Story> {
  server.behaveWell()
  server.forget()
  return createStory(t, {
    cluster: await sharedCluster(),
    clusterSettings: {
      environments: { installers: [{ tool: 'micromamba', path: INSTALLER }], ...environments },
      ...(identities === undefined ? {} : { identities }),
    },
    settings: { environments: { channels: [{ name: 'main', url: CHANNEL, ...source }] } },
    ...rest,
  })
}

async function keep({ api }: Story, lock = lockOf('base', 'greet')): Promise<string> {
  const { status, body } = await api.answered<EnvironmentMade>('POST', '/v1/environments', { body: { lock } })
  assert.equal(status, 201, JSON.stringify(body))
  return body.id
}

const job = (lock: string, script = 'greet') => ({
  name: 'greeting',
  cluster: 'local',
  resources: { partition: 'shared', cpus: 1, memoryMiB: 256, timeLimitMinutes: 10 },
  environment: { lock },
  training: { kind: 'command', command: ['sh', '-c', script] },
})

const at = (lock: string): string => `/v1/environments/${lock}/clusters/local`
const shown = async ({ api }: Story, lock: string): Promise<Materialisation> =>
  (await api.answered<Materialisation>('GET', at(lock))).body
const becomes = (story: Story, lock: string, state: Materialisation['state']): Promise<Materialisation> =>
  eventually(`it is ${state}`, async () => {
    const now = await shown(story, lock)
    if (now.state === 'failed' && state !== 'failed') throw new Error(now.detail)
    return now.state === state && now
  })
const buildOf = ({ workDir }: Story, lock: string): string => join(workDir, 'environments/.builds', lock)
const stateIn = (story: Story, lock: string): BuildState =>
  BuildState.parse(JSON.parse(readFileSync(join(buildOf(story, lock), 'state.json'), 'utf8')))
const tries = (story: Story, lock: string): string[] =>
  readdirSync(buildOf(story, lock)).filter(name => /^make-\d+\.(claim|rc)$/.test(name) && name.endsWith('.claim'))

test('eight jobs with one lock wait for one install, run in it, and the next one waits for nothing', async t => {
  const here = await story(t)
  await here.start()
  const { api } = here
  const lock = await keep(here)
  const jobs = await Promise.all(Array.from({ length: 8 }, () => api.submit(job(lock))))
  const ended = await Promise.all(jobs.map(({ id }) => api.ended(id, 'completed')))
  assert.deepEqual([tries(here, lock), server.count('greet-2.1-h1_0.conda')], [['make-1.claim'], 1])
  for (const { id, environment } of ended) {
    assert.deepEqual([environment?.lock, environment?.look?.lockId, environment?.look?.drift], [lock, lock, null])
    assert.match(await api.log(id), new RegExp(`hello from ${here.workDir}/environments/${lock}`))
  }
  const made = await shown(here, lock)
  assert.deepEqual([made.state, made.installer?.tool, made.jobs, made.attempt], ['ready', 'micromamba', 0, 1])
  assert.ok(made.lastUsedAt !== null && (made.files ?? 0) >= 3)
  assert.equal(statSync(join(here.workDir, 'environments', lock, GREETING)).mode & 0o222, 0)

  const askedMs = Date.now()
  const { id } = await api.submit(job(lock))
  await eventually('it is prepared', async () => !['accepted'].includes((await api.job(id)).state))
  // Whoever waits although it is there is looked at again after 30 s: there is no making whose end would wake it.
  assert.ok(Date.now() - askedMs < 30_000)
  await api.ended(id, 'completed')
  assert.equal(tries(here, lock).length, 1)
})

test('a flipped file ends the job that meets it, is named, lies in quarantine, and the next job runs in a new environment', async t => {
  const here = await story(t)
  await here.start()
  const { api } = here
  const lock = await keep(here)
  await api.ended((await api.submit(job(lock))).id, 'completed')
  const file = join(here.workDir, 'environments', lock, 'lib/greet.txt')
  chmodSync(file, 0o644)
  writeFileSync(file, 'greetingz\n')
  chmodSync(file, 0o444)

  const { failure, environment } = await api.ended((await api.submit(job(lock))).id, 'failed')
  assert.equal(failure?.reason, 'environment')
  assert.match(failure?.detail ?? '', /lib\/greet\.txt/)
  assert.equal(environment?.look?.drift?.files[0]?.path, 'lib/greet.txt')

  await api.ended((await api.submit(job(lock))).id, 'completed')
  assert.equal((await shown(here, lock)).attempt, 2)
  const aside = readdirSync(join(here.workDir, 'environments/.quarantine'))
  assert.equal(aside.length, 1)
  assert.ok(aside[0]?.startsWith(`${lock}-`))
  assert.equal(readFileSync(file, 'utf8'), 'greetings\n')

  await api.answered('POST', `${at(lock)}/verify`)
  const looked = await eventually('every byte was looked at', async () => {
    const now = await shown(here, lock)
    return now.look !== null && now.step === null && now
  })
  assert.deepEqual([looked.look?.depth, looked.look?.drift, looked.state], ['bytes', null, 'ready'])

  // Nobody needs it any more: told first, then done.
  const collect = async (dryRun: boolean): Promise<Collection> =>
    (
      await api.answered<Collection>('POST', '/v1/clusters/local/environments/collect', {
        body: { unusedDays: 0, dryRun },
      })
    ).body
  const dry = await collect(true)
  assert.deepEqual(
    dry.items.map(item => [item.lock, item.outcome]),
    [[lock, 'would be removed']],
  )
  assert.ok(existsSync(file) && dry.bytes > 0)
  await collect(false)
  await eventually('it is gone', async () => (await api.call('GET', at(lock))).status === 404)
  assert.ok(!existsSync(join(here.workDir, 'environments', lock)))
  assert.deepEqual(readdirSync(join(here.workDir, 'environments/.quarantine')), [])
  await api.ended((await api.submit(job(lock))).id, 'completed')
})

test('a maker that is killed is followed by another one and its job runs; a cancel ends one; a changed archive is told to its job', async t => {
  const here = await story(t)
  await here.start()
  const { api } = here
  const lock = await keep(here)
  // The installer outlives its maker, holding the lock, for as long as it has to do.
  server.behave(/greet-2\.1/, { kind: 'slow', bytesPerSecond: 200 })
  const { id } = await api.submit(job(lock))
  const making = await eventually('it is being made', async () => {
    const now = await shown(here, lock)
    return (
      now.state === 'making' &&
      existsSync(join(buildOf(here, lock), 'state.json')) &&
      server.count('greet-2.1-h1_0.conda') > 0 &&
      now
    )
  })
  assert.equal(making.jobs, 1)
  const why = (await api.answered<Why>('GET', `/v1/jobs/${id}/why`)).body
  assert.match(why.summary, /^It waits for its environment /)
  process.kill(stateIn(here, lock).pid, 'SIGKILL')
  server.behaveWell()
  await api.ended(id, 'completed')
  assert.equal((await shown(here, lock)).attempt, 2)

  const second = await keep(here, lockOf('base', 'other'))
  server.behave(/other-1\.0/, { kind: 'hang', afterBytes: 10 })
  const waiting = await api.submit(job(second, 'true'))
  await eventually('it is being made', () => existsSync(join(buildOf(here, second), 'state.json')))
  const { pid } = stateIn(here, second)
  assert.equal((await api.answered('DELETE', at(second))).status, 202)
  const cancelled = await api.ended(waiting.id, 'failed')
  assert.match(
    cancelled.failure?.detail ?? '',
    /^Its environment could not be made: The making was cancelled by tester\.$/,
  )
  await eventually('its maker has ended', () => readProcess(pid) === undefined)
  assert.equal((await shown(here, second)).state, 'cancelled')

  const third = await keep(here, lockOf('base', 'greet', 'other'))
  rmSync(join(here.workDir, 'environments/.packages'), { recursive: true, force: true })
  server.behaveWell()
  server.behave(/other-1\.0/, { kind: 'body', body: 'something else' })
  const refused = await api.ended((await api.submit(job(third))).id, 'failed')
  assert.equal(refused.failure?.reason, 'environment')
  assert.match(refused.failure?.detail ?? '', /^Its environment could not be made: .*other/)
  server.behaveWell()
  await api.ended((await api.submit(job(third))).id, 'completed')
})

test('a server that is killed at any moment of the making has it made once', async t => {
  const here = await story(t)
  for (const [i, crashAt] of ENVIRONMENT_CRASH_POINTS.entries()) {
    const server = await here.start({ crashAt })
    // A lock of its own for each.
    const lock = await keep(here, lockOf(...([['base'], ['greet'], ['other'], ['greet', 'other']][i] ?? [])))
    // It may be dead before it has answered: what it was told it has stored by then.
    const asked = await here.api.answered('POST', at(lock)).catch(() => null)
    assert.ok(asked === null || asked.status === 202)
    await server.crashed()
    const next = await here.start()
    assert.equal((await becomes(here, lock, 'ready')).attempt, 1, crashAt)
    assert.equal(tries(here, lock).length, 1, crashAt)
    await next.stop()
  }
})

test('what the service identity has made, jobs of other Unix users run in', {
  skip: process.getuid?.() === 0 ? false : 'making a Unix user needs root',
}, async t => {
  const cluster = await sharedCluster()
  const user = await createUnixUser()
  const { privateKeyFile } = cluster.ssh
  const here = await story(
    t,
    {},
    { mirror: `${server.url}/main` },
    {
      tokens: [{ owner: 'second', name: 'Second', identity: 'second', token: 'second-token' }],
    },
    [
      { name: 'default', unixUser: cluster.ssh.user, privateKeyFile },
      { name: 'second', unixUser: user, privateKeyFile },
    ],
  )
  await here.start()
  const second = createApi(here.api.url, 'second-token')
  const lock = await keep(here)
  const { id } = await second.submit(job(lock, 'greet; id -un'))
  const { environment } = await second.ended(id, 'completed')
  assert.equal(environment?.look?.drift, null)
  const log = await second.log(id)
  assert.match(log, /hello from /)
  assert.match(log, new RegExp(`^${user}$`, 'm'))
  assert.equal(statSync(join(buildOf(here, lock), 'order.json')).mode & 0o777, 0o600)
})

test('where the operator wants that, a Slurm job makes it, once', async t => {
  const here = await story(t, { where: { partition: 'shared', cpus: 1, memoryMiB: 512 } })
  await here.start()
  const lock = await keep(here)
  const jobs = await Promise.all(Array.from({ length: 3 }, () => here.api.submit(job(lock))))
  await Promise.all(jobs.map(({ id }) => here.api.ended(id, 'completed')))
  const names = await slurm(await sharedCluster(), ['squeue', '-h', '-t', 'all', '-o', '%j %Z'])
  const builds = names.split('\n').filter(line => line.startsWith('tl-env-') && line.includes(here.workDir))
  assert.equal(builds.length, 1, names)
  assert.equal((await shown(here, lock)).attempt, 1)
})

test('a cluster without a network is brought the archives of a channel that lies in a folder of the server', async t => {
  const here = await story(t, { archives: 'upload' }, { directory: join(folder, 'main') })
  await here.start()
  const lock = await keep(here)
  await here.api.ended((await here.api.submit(job(lock))).id, 'completed')
  assert.equal(server.requests.length, 0)
  const order = JSON.parse(readFileSync(join(buildOf(here, lock), 'order.json'), 'utf8'))
  assert.deepEqual([order.offline, order.mirrors], [true, {}])
  const archives = readdirSync(join(here.workDir, 'environments/.packages/archives'))
  assert.equal(archives.length, 2)
})
