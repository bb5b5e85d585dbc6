// A run looks at its node before anything else: real processes, with programs called nvidia-smi that answer, refuse, hang or babble.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { NodeSighting, WORKER_EXIT } from '@trotline/contracts'
import { askNvidiaSmi } from '../../apps/worker/src/nvidia-smi.ts'
import { type BuiltReleases, buildReleases } from '../../deploy/release/release.ts'
import { makeJob, nextRun, type Place, resultOf, start, type TestJob, textOf, until } from './worker-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')

let home: string
let place: Place
let built: BuiltReleases
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'trotline-preflight-'))
  built = await buildReleases(ROOT, join(home, 'releases'))
  place = { home, release: built.withTensorLibrary }
})
after(() => rm(home, { recursive: true, force: true }))

let count = 0
/** A folder with an nvidia-smi in it. The words of the question are in $*. */
async function smi(script: string): Promise<string> {
  const folder = join(home, `bin-${++count}`)
  await mkdir(folder)
  await writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'nvidia-smi'), 0o755)
  return folder
}
/** As a driver of R495 or later answers. */
const answering = (driver: string, gpus: string[]): string =>
  `case "$*" in *query*) printf '%s\\n' ${gpus.map(gpu => `'${gpu.replace(', ', `, ${driver}, `)}'`).join(' ')};; *) echo '| Driver Version: ${driver} CUDA Version: 12.4 |';; esac`
const A100 = 'NVIDIA A100-SXM4-40GB, 8.0'

/** A job with a GPU; what auto-mpg trains is too little to matter. */
async function gpuJob(training: { backend?: string } = {}): Promise<TestJob> {
  const job = await makeJob(place, { preset: 'auto-mpg', epochs: 2, ...training })
  const path = join(job.directory, 'spec.json')
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), gpus: 1 }))
  return job
}

const run = async (t: { after(undo: () => void): void }, job: TestJob, path: string) =>
  start(t, place, job, { env: { PATH: `${path}:/usr/bin:/bin` } })

const sightingOf = async ({ run }: TestJob): Promise<NodeSighting> =>
  NodeSighting.parse(JSON.parse(await readFile(join(run, 'node.json'), 'utf8')))

describe('a run with a GPU', () => {
  test('is over before anything is opened where the driver is too old, and leaves figures and what the node is', async t => {
    const job = await gpuJob()
    const { ended } = await run(t, job, await smi(answering('396.37', [A100, A100])))
    assert.equal((await ended).code, WORKER_EXIT.failed)
    const { failure, training } = await resultOf(job)
    assert.deepEqual([failure?.reason, failure?.code, training], ['incompatible-node', 'INCOMPATIBLE_NODE', null])
    assert.match(failure?.detail ?? '', /^Node n1 cannot run .* 450\.80\.02 or newer; this node has 396\.37\./)
    const evidence = failure?.evidence?.join('\n') ?? ''
    assert.match(evidence, /^node n1: driver 396\.37, 2 × NVIDIA A100-SXM4-40GB \(compute capability 8\.0\), glibc /)
    assert.match(evidence, /^driver-too-old: required 450\.80\.02 .*; found 396\.37$/m)
    assert.ok(!existsSync(join(job.run, 'epochs.jsonl')))
    assert.doesNotMatch(await textOf(join(job.run, 'stdout')), /training auto-mpg/)
    assert.match(await textOf(join(job.run, 'stderr')), /INCOMPATIBLE_NODE: Node n1 cannot run/)

    const { node, driver, cudaMax, gpus, glibc, cpuArch, nodeVersion } = await sightingOf(job)
    assert.deepEqual([node, driver, cudaMax, gpus.length, nodeVersion], ['n1', '396.37', '12.4', 2, process.version])
    assert.equal(`glibc ${glibc}`, execFileSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8' }).trim())
    assert.equal(cpuArch, execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim())
  })

  test('goes on to the ladder of backends where the node fits, or where nobody can tell', async t => {
    const cases: [string, RegExp][] = [
      [answering('580.159.03', [A100]), /^(?!.*whether n1 fits)/s],
      [answering('580.159.03', ['NVIDIA H100 80GB HBM3, 9.0']), /^n1 fits, with a warning: .*H100/m],
      [answering('580.159.03', ['Mystery 9, [N/A]']), /^whether n1 fits cannot be told: .*Mystery 9/m],
      [
        "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18",
        /not all is known: nvidia-smi: Failed/,
      ],
      ['head -c 5000 /dev/urandom', /^whether n1 fits cannot be told/m],
    ]
    for (const [script, said] of cases) {
      const job = await gpuJob()
      assert.equal((await (await run(t, job, await smi(script))).ended).code, WORKER_EXIT.failed)
      const { failure } = await resultOf(job)
      assert.deepEqual([failure?.reason, failure?.code], ['incompatible-node', 'BACKEND_UNAVAILABLE'])
      assert.match(failure?.detail ?? '', /tfjs-node-gpu: @tensorflow\/tfjs-node-gpu is not installed on this node/)
      assert.match(await textOf(join(job.run, 'stderr')), said)
      await sightingOf(job)
    }
  })

  test('on a node without nvidia-smi says so and goes on', async t => {
    const job = await gpuJob()
    await (await run(t, job, '/nowhere')).ended
    assert.equal((await resultOf(job)).failure?.code, 'BACKEND_UNAVAILABLE')
    assert.equal((await sightingOf(job)).gpuTrouble, 'there is no nvidia-smi')
  })

  test('goes on without the GPU where any backend will do, and says what speaks against it', async t => {
    const job = await gpuJob({ backend: 'any' })
    const { ended } = await run(t, job, await smi(answering('396.37', [A100])))
    assert.equal((await ended).code, WORKER_EXIT.completed)
    assert.equal((await resultOf(job)).training?.backend, 'simd')
    assert.match(
      await textOf(join(job.run, 'stderr')),
      /GPUs of n1 cannot be used: .*396\.37.* because training.backend is any/,
    )
  })

  test('that is told to stop while nvidia-smi hangs stops at once', async t => {
    const job = await gpuJob()
    const asked = join(home, 'asked-and-hangs')
    const { child, ended } = await run(t, job, await smi(`: >${asked}; exec sleep 60`))
    await until('it asks', child, async () => existsSync(asked))
    child.kill('SIGTERM')
    assert.deepEqual(await ended, { code: WORKER_EXIT.stopped, signal: null })
    const { outcome, signal } = await resultOf(job)
    assert.deepEqual([outcome, signal], ['stopped', 'SIGTERM'])
    assert.ok(!existsSync(join(job.run, 'node.json')), 'what was not seen is not written')
  })

  test('that is superseded meanwhile does not end the job', async t => {
    const job = await gpuJob()
    const asked = join(home, 'asked')
    const superseded = join(home, 'superseded')
    const waits = `until [ -e ${superseded} ]; do sleep 0.05; done`
    const path = await smi(`: >${asked}; ${waits}; ${answering('396.37', [A100])}`)
    const { child, ended } = await run(t, job, path)
    await until('it asks', child, async () => existsSync(asked))
    const next = await nextRun(job, '2-0')
    await writeFile(superseded, '')
    assert.equal((await ended).code, WORKER_EXIT.fenced)
    assert.ok(!existsSync(join(job.run, 'result.json')))
    assert.ok(existsSync(next.run))
  })
})

test('the release of jobs with GPUs brings the matrix along, and the plain one does not', async () => {
  const brought = await readFile(join(built.withTensorLibrary.directory, 'compatibility.json'), 'utf8')
  assert.equal(brought, await readFile(join(ROOT, 'conda/compatibility.json'), 'utf8'))
  assert.ok(!existsSync(join(built.plain.directory, 'compatibility.json')))
})

test('a run without a GPU asks nothing and leaves no look at its node', async t => {
  const asked = join(home, 'asked-without')
  const job = await makeJob(place, { preset: 'linear-regression', epochs: 2 })
  const { ended } = await run(t, job, await smi(`: >${asked}`))
  assert.equal((await ended).code, WORKER_EXIT.completed)
  assert.deepEqual([existsSync(asked), existsSync(join(job.run, 'node.json'))], [false, false])
})

describe('nvidia-smi', () => {
  const never = new AbortController().signal
  async function ask(script: string, limitMs = 10_000) {
    const before = process.env.PATH
    process.env.PATH = `${await smi(script)}:${before}`
    try {
      return await askNvidiaSmi({ stop: never, limitMs })
    } finally {
      process.env.PATH = before
    }
  }

  test('that hangs is not waited for, not even where what it started holds its output', async () => {
    const pids = join(home, 'still-running')
    const { gpuTrouble, driver } = await ask(`sleep 20 & echo $! >>${pids}; wait`, 1000)
    // They run on: nobody waited for them. kill(2) of one that is gone would be an exception.
    for (const pid of (await textOf(pids)).split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
    assert.deepEqual([gpuTrouble, driver], ['nvidia-smi did not answer in time', null])
  })

  test('that says no end of things is ended, and what it says is no fact', async () => {
    const { gpuTrouble, driver, gpus } = await ask('yes "Tesla K80 is a GPU"')
    assert.deepEqual([driver, gpus], [null, []])
    // Ended for what it said, and not at its limit: then it would not have answered in time.
    assert.match(gpuTrouble ?? '', /^nvidia-smi: Tesla K80 is a GPU/)
  })

  test('of an old driver, which refuses to tell the compute capability, is asked again without', async () => {
    const { driver, gpus, gpuTrouble, cudaMax } = await ask(
      `case "$*" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; *query*) echo 'Tesla K80, 396.37';; *) echo '| Driver Version: 396.37 |';; esac`,
    )
    assert.deepEqual(
      [driver, gpus, gpuTrouble, cudaMax],
      ['396.37', [{ name: 'Tesla K80', computeCapability: null }], null, null],
    )
  })

  test('that may not be run is trouble and no exception', async () => {
    const folder = await smi('exit 0')
    await chmod(join(folder, 'nvidia-smi'), 0o644)
    const before = process.env.PATH
    process.env.PATH = folder
    try {
      const { driver, gpuTrouble } = await askNvidiaSmi({ stop: never })
      assert.deepEqual([driver, gpuTrouble !== null], [null, true])
    } finally {
      process.env.PATH = before
    }
  })
})
