// A program of one's own on the real Slurm: its epochs are live, its end is the job's, and whatever ends the job ends all that it started.
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { serveChannels } from '../support/channel-server.ts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { buildChannel } from '../support/conda-channel.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

const command = (training: object, resources: object = {}): object => ({
  name: 'own-program',
  cluster: 'local',
  resources: { partition: 'shared', cpus: 1, memoryMiB: 256, timeLimitMinutes: 10, ...resources },
  training: { kind: 'command', ...training },
})

const workOf = (story: Story, job: Job, run = '1-0'): string =>
  join(story.workDir, 'jobs', job.identity.unixUser, job.id, 'runs', run, 'work')

/** Processes that were started with this word, on the nodes of the local cluster: this machine. */
const running = (word: string): string[] =>
  readdirSync('/proc').filter(name => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false
    }
  })

test('a command’s epochs are seen while it runs, and its record says what ran and how it ended', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  const { api } = story
  const script = [
    'import json, os, sys, time',
    'for epoch in range(5):',
    '    with open(os.environ["TROTLINE_EPOCHS"], "a") as file:',
    '        file.write(json.dumps({"epoch": epoch, "loss": 1 / (epoch + 1)}) + "\\n")',
    '    while not os.path.exists("go%d" % epoch): time.sleep(0.02)',
    'print("words", sys.argv[1:])',
  ].join('\n')
  const accepted = await api.submit(
    command({ command: ['python3', 'train.py', '$(id)', 'a b'], files: { 'train.py': script }, epochs: 5 }),
  )
  const { id } = accepted
  for (let epoch = 0; epoch < 5; epoch += 1) {
    const { progress } = await eventually(`epoch ${epoch} is seen`, async () => {
      const job = await api.job(id)
      return job.progress.epochs === epoch + 1 ? job : null
    })
    assert.deepEqual([progress.of, progress.last?.values], [5, { loss: 1 / (epoch + 1) }])
    writeFileSync(join(workOf(story, accepted), `go${epoch}`), '')
  }
  const job = await api.ended(id, 'completed')
  const { result, runs, environment } = job
  assert.deepEqual([result?.backend, result?.epochs, result?.metrics], ['command', 5, { loss: 0.2 }])
  assert.deepEqual([runs.length, runs[0]?.ending, environment], [1, 'completed', null])
  assert.match(await api.log(id), /words \['\$\(id\)', 'a b'\]/)
})

test('a command that fails ends its job with its exit code and its last words', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  const { id } = await story.api.submit(command({ command: ['sh', '-c', 'echo no such column >&2; exit 3'] }))
  const { failure, submissions } = await story.api.ended(id, 'failed')
  assert.equal(failure?.reason, 'exit-code')
  assert.match(failure?.detail ?? '', /sh -c "echo no such column >&2; exit 3" ended with exit code 3 after/)
  assert.match(failure?.logTail ?? '', /^no such column$/m)
  assert.equal(submissions.length, 1, 'what a command did wrong is not repeated')
})

test('a command that is cancelled ends with all that it started', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  const { api } = story
  // A word that no other process on this machine has.
  const word = `60.${process.pid}`
  const script = `sleep ${word} &\nsh -c 'sleep ${word} & wait' &\necho '{"epoch": 0}' >> "$TROTLINE_EPOCHS"\nwait\n`
  const { id } = await api.submit(command({ command: ['sh', 'main.sh'], files: { 'main.sh': script } }))
  await eventually('it runs', async () => (await api.job(id)).progress.epochs === 1 && running(word).length === 2)

  assert.equal((await api.answered('DELETE', `/v1/jobs/${id}`)).status, 202)

  const job = await api.ended(id, 'cancelled')
  assert.deepEqual(running(word), [])
  assert.equal(job.progress.epochs, 1)
})

test('a command that Slurm requeues goes on from what it kept', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story
  // slurmstepd ends a job's processes one by one: a shell whose sleep was ended before it would go on for a moment, and an epoch.
  const script = [
    'epoch=0',
    '[ -z "$TROTLINE_RESUME" ] || read -r epoch < "$TROTLINE_RESUME/epoch"',
    'while [ "$epoch" -lt 6 ]; do',
    '  echo "{\\"epoch\\": $epoch, \\"loss\\": 1}" >> "$TROTLINE_EPOCHS"',
    '  epoch=$((epoch + 1))',
    '  echo "$epoch" > "$TROTLINE_CHECKPOINTS/new" && mv "$TROTLINE_CHECKPOINTS/new" "$TROTLINE_CHECKPOINTS/epoch"',
    '  [ "$epoch" -ne 3 ] || [ -n "$TROTLINE_RESUME" ] || { echo kept > kept; while :; do sleep 600; done; }',
    'done',
  ].join('\n')
  const accepted = await api.submit(command({ command: ['sh', 'main.sh'], files: { 'main.sh': script }, epochs: 6 }))
  const { id } = accepted
  await eventually('it has kept its state', () => existsSync(join(workOf(story, accepted), 'kept')))
  const slurmJob = (await slurm(cluster, ['squeue', '-h', `--name=tl-${id}-1`, '-o', '%i'])).trim()
  await slurm(cluster, ['scontrol', 'requeue', slurmJob])

  const job = await api.ended(id, 'completed', 400_000)
  assert.deepEqual(
    job.runs.map(({ run }) => run),
    ['1-0', '1-1'],
  )
  assert.deepEqual(job.runs[1]?.resumed, { run: '1-0', epochs: 3, batches: 0 })
  assert.deepEqual(
    (await api.epochs(id)).map(({ epoch, run }) => [epoch, run]),
    [
      [0, '1-0'],
      [1, '1-0'],
      [2, '1-0'],
      [3, '1-1'],
      [4, '1-1'],
      [5, '1-1'],
    ],
  )
  assert.equal(job.result?.epochs, 6)
})

test('a command that reaches its time limit is told to end, and the limit is the reason', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  const { api } = story
  const script =
    'trap "echo told; exit 0" TERM\necho \'{"epoch": 0}\' >> "$TROTLINE_EPOCHS"\nwhile :; do sleep 0.1; done\n'
  const asked = command({ command: ['sh', 'main.sh'], files: { 'main.sh': script } }, { timeLimitMinutes: 1 })
  const { id } = await api.submit(asked)
  const { failure, runs } = await api.ended(id, 'failed', 400_000)
  assert.equal(failure?.reason, 'time-limit')
  assert.equal(runs[0]?.ending, 'stopped')
  assert.match(await api.log(id), /^told$/m)
})

test('in its environment a command finds its own python, activated, and a training on a GPU finds NVIDIA’s libraries', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-channel-'))
  chmodSync(folder, 0o755)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const python = { content: '#!/bin/sh\necho "python with $*, DATA=$GDAL_DATA"\n', executable: true }
  const channel = await buildChannel(join(folder, 'main'), [
    { name: 'python', version: '3.9.1', build: '0', files: { 'bin/python': python } },
    {
      name: 'gdal',
      version: '1.0',
      build: '0',
      files: { 'etc/conda/activate.d/gdal.sh': 'export GDAL_DATA="$CONDA_PREFIX/share"\n', 'lib/libnccl.so.2': 'ELF' },
    },
  ])
  const server = await serveChannels(folder)
  t.after(() => server.close())
  const url = 'https://channel.example.org/main'
  const installer = resolve(import.meta.dirname, '../support/stand-in-installer/bin/micromamba')
  const story = await createStory(t, {
    cluster: await sharedCluster(),
    clusterSettings: { environments: { installers: [{ tool: 'micromamba', path: installer }] } },
    settings: { environments: { channels: [{ name: 'main', url, mirror: `${server.url}/main` }] } },
  })
  await story.start()
  const { api } = story
  const conda = [...channel.entries].map(([at, { name, version, build, md5, sha256, size }]) => {
    return { name, version, build, subdir: 'linux-64', url: `${url}/${at}`, md5, sha256, size }
  })
  const lock = { v: 1, platform: 'linux-64', virtualPackages: [], conda, pip: [] }
  const kept = await api.answered<{ id: string }>('POST', '/v1/environments', { body: { lock } })
  assert.equal(kept.status, 201, JSON.stringify(kept.body))
  const environment = { lock: kept.body.id }

  const asked = await api.submit({ ...command({ command: ['python', 'train.py', 'a b'] }), environment })
  const onGpu = request({ epochs: 5, backend: 'auto', resources: { partition: 'gpuk80', gpus: 1 } })
  const trained = await api.submit({ ...onGpu, training: { ...onGpu.training, backend: 'any' }, environment })

  const job = await api.ended(asked.id, 'completed')
  const prefix = join(story.workDir, 'environments', environment.lock)
  const log = await api.log(asked.id)
  assert.ok(
    log.includes(`environment ${prefix}: python is ${prefix}/bin/python, python is ${prefix}/bin/python\n`),
    log,
  )
  assert.ok(log.includes(`python with train.py a b, DATA=${prefix}/share\n`), log)
  assert.deepEqual([job.environment?.lock, job.environment?.look?.lockId], [environment.lock, environment.lock])
  assert.equal(job.environment?.look?.drift, null)

  const { identity, id } = await api.ended(trained.id, 'completed')
  const run = join(story.workDir, 'jobs', identity.unixUser, id, 'runs/1-0')
  assert.equal(readlinkSync(join(run, 'libraries/libnccl.so.2')), join(prefix, 'lib/libnccl.so.2'))
})
