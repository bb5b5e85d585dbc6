// Environments from the command line, against the real thing: solved, made, used by a job, verified, removed; and a job that ran in one,
// run again on another installation from its bundle, or told there what can no longer be had.

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { Bundle, Environment, EnvironmentMade, Materialisation } from '@trotline/contracts'
import { readBundle } from '../../apps/cli/src/bundle/read-bundle.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { sharedCluster } from '../support/cluster.ts'
import { buildChannel } from '../support/conda-channel.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { trotline } from '../support/trotline-program.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const INSTALLER = join(ROOT, 'tests/support/stand-in-installer/bin/micromamba')

const folder = mkdtempSync(join(tmpdir(), 'trotline-channel-'))
let channels: ChannelServer
before(async () => {
  chmodSync(folder, 0o755)
  const greet = { content: '#!/bin/sh\necho "hello from $CONDA_PREFIX"\n', executable: true }
  await buildChannel(join(folder, 'main'), [
    { name: 'base', version: '1.0', build: '0', files: { 'share/base.txt': 'base\n' } },
    { name: 'greet', version: '2.1', build: 'h1_0', depends: ['base'], files: { 'bin/greet': greet } },
    { name: 'greet', version: '1.0', build: 'h1_0', depends: ['base'], files: { 'bin/greet': greet } },
  ])
  channels = await serveChannels(folder)
})
after(async () => {
  await channels.close()
  rmSync(folder, { recursive: true, force: true })
})

async function good(story: Story, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await trotline(story, ...argv)
  assert.equal(code, 0, `trotline ${argv.join(' ')}\n${stderr}`)
  return stdout
}

async function installation(t: TestContext): Promise<Story> {
  const story = await createStory(t, {
    cluster: await sharedCluster(),
    clusterSettings: { environments: { installers: [{ tool: 'micromamba', path: INSTALLER }] } },
    settings: {
      environments: {
        channels: [{ name: 'main', url: 'https://channel.example.org/main', mirror: `${channels.url}/main` }],
      },
    },
  })
  channels.behaveWell()
  await story.start()
  return story
}

function specFile(story: Story, ...dependencies: string[]): string {
  const file = join(story.folder, `${dependencies.join('-').replace(/[^a-z0-9.]/g, '')}.yml`)
  writeFileSync(file, `channels:\n  - main\ndependencies:\n${dependencies.map(one => `  - ${one}\n`).join('')}`)
  return file
}

function requestFile(story: Story, environment: string): string {
  const file = join(story.folder, 'greeting.json')
  const request = {
    name: 'greeting',
    cluster: 'local',
    resources: { partition: 'shared', cpus: 1, memoryMiB: 256, timeLimitMinutes: 10 },
    environment: { name: environment },
    training: { kind: 'command', command: ['greet'] },
  }
  writeFileSync(file, JSON.stringify(request))
  return file
}

const GLIBC = ['--virtual', '__glibc=2.28']

test('an environment is created, made, looked at and taken away again, each by one command', async t => {
  const story = await installation(t)
  const first = await good(story, 'env', 'create', specFile(story, 'greet=1.0'), ...GLIBC, '--name', 'ml')
  const id = first.trim()
  assert.match(id, /^[0-9a-f]{64}$/)
  const made = EnvironmentMade.parse(
    JSON.parse(await good(story, 'env', 'create', specFile(story, 'greet'), ...GLIBC, '--name', 'ml', '--json')),
  )
  assert.deepEqual(made.names, ['ml@2'])
  assert.equal((await good(story, 'env', 'list', '-q')).trim(), `${made.id}\n${id}`)
  assert.match(await good(story, 'env', 'history', 'ml'), new RegExp(`^ml@2\t${made.id}\t.*\nml@1\t${id}\t`, 'm'))
  assert.match(await good(story, 'env', 'diff', 'ml@1', 'ml@2'), /greet.*1\.0.*2\.1/)
  const lock = await good(story, 'env', 'lock', 'ml@1', '--format', 'explicit')
  const again = join(story.folder, 'explicit.txt')
  writeFileSync(again, lock)
  assert.equal((await good(story, 'env', 'create', again, '--lock')).trim(), id, 'the same packages have the same id')

  const none = await trotline(story, 'env', 'create', specFile(story, 'nothing-of-it'), ...GLIBC)
  assert.deepEqual([none.code, none.stdout], [5, ''])
  assert.match(none.stderr, /nothing-of-it/)
  assert.equal((await trotline(story, 'env', 'show', 'ml@9')).code, 3)

  const built = await trotline(story, 'env', 'build', 'ml', '--follow')
  assert.deepEqual([built.code, built.stdout], [0, 'ready\n'], built.stderr)
  assert.match(await good(story, 'env', 'log', 'ml'), /greet/)
  const verified = await trotline(story, 'env', 'verify', 'ml')
  assert.equal(verified.code, 0, verified.stderr)
  assert.match(verified.stderr, /as it was {2}ml on local, \d+ files/)
  const shown = Environment.parse(JSON.parse(await good(story, 'env', 'show', 'ml', '--json')))
  assert.equal(shown.on[0]?.state, 'ready')

  assert.match(await good(story, 'env', 'collect', '--dry-run', '--unused-days', '0'), /would be removed/)
  assert.equal((await trotline(story, 'env', 'cancel', 'ml')).code, 7, 'there is nothing to cancel')
  const removed = Materialisation.parse(JSON.parse(await good(story, 'env', 'remove', 'ml', '--json')))
  assert.equal(removed.lock, made.id)
})

test('a job in an environment is told while it waits, and its bundle runs on another installation', async t => {
  const [here, there] = [await installation(t), await installation(t)]
  const id = (await good(here, 'env', 'create', specFile(here, 'greet'), ...GLIBC, '--name', 'ml')).trim()
  const ran = await trotline(here, 'submit', requestFile(here, 'ml'), '--follow')
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stderr, /environment ml@1: /)
  const job = ran.stdout.trim()
  assert.match(await good(here, 'logs', job), new RegExp(`hello from .*${id}`))

  const file = join(here.folder, 'job.tgz')
  await good(here, 'bundle', job, '--output', file)
  const bundle = Bundle.parse(readBundle(readFileSync(file), file))
  assert.deepEqual(bundle.request.environment, { lock: id }, 'not the name, which may mean another version by then')
  assert.equal(bundle.lock?.conda.length, 2)

  const missing = await trotline(there, 'env', 'show', id)
  assert.equal(missing.code, 3, 'the other installation has never heard of it')
  const again = await trotline(there, 'rerun', file, '--follow')
  assert.equal(again.code, 0, again.stderr)
  const repeated = await there.api.job(again.stdout.trim())
  assert.equal(repeated.environment?.look?.lockId, id)
  assert.deepEqual([repeated.rerunOf?.job, repeated.rerunOf?.elsewhere], [job, true])
  assert.match(await good(there, 'logs', repeated.id), new RegExp(`hello from .*${id}`))
})

test('an archive that is gone by then is named, with what to do about it; and the next rerun says so at once', async t => {
  const [here, there] = [await installation(t), await installation(t)]
  await good(here, 'env', 'create', specFile(here, 'greet'), ...GLIBC, '--name', 'ml')
  const ran = await trotline(here, 'submit', requestFile(here, 'ml'), '--follow')
  assert.equal(ran.code, 0, ran.stderr)
  const file = join(here.folder, 'job.tgz')
  await good(here, 'bundle', ran.stdout.trim(), '--output', file)

  channels.behave(/greet-2\.1/, { kind: 'status', status: 404 })
  const gone = await trotline(there, 'rerun', file, '--follow')
  assert.equal(gone.code, 10, gone.stderr)
  assert.match(gone.stderr, /greet-2\.1-h1_0/)
  const refused = await trotline(there, 'rerun', file)
  assert.equal(refused.code, 7, refused.stderr)
  assert.match(refused.stderr, /greet-2\.1-h1_0[\s\S]*To do: .*mirror/)
  channels.behaveWell()
})
