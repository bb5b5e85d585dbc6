// What the quickstart writes is what the server takes and what a shell needs, and its token is nobody else's to read.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseSettings } from '../../../apps/orchestrator/src/config.ts'
import type { LocalCluster } from '../../../deploy/local/cluster.ts'
import { writeConfiguration } from '../../../deploy/quickstart/configuration.ts'
import { sha256 } from '../../support/job-records.ts'

const folder = mkdtempSync(join(tmpdir(), 'trotline-quickstart-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const cluster: LocalCluster = {
  home: '/home/ada/cluster',
  runtimeDirectory: '/tmp/trotline-1',
  clusterName: 'trotline',
  slurmConf: '/home/ada/cluster/etc/slurm.conf',
  ssh: { host: '127.0.0.1', port: 2222, user: 'ada', privateKeyFile: '/secrets/id', knownHostsFile: '/etc/known' },
  redis: {
    host: '127.0.0.1',
    port: 6380,
    store: { user: 'trotline', passwordFile: '/secrets/store' },
    report: { user: 'reporter', passwordFile: '/secrets/report' },
  },
}
const places = {
  token: join(folder, 'token'),
  workDir: join(folder, 'work'),
  config: join(folder, 'trotline.yaml'),
  shellSettings: join(folder, 'env.sh'),
  workerRelease: '/checkout/apps/worker/release',
}
const api = writeConfiguration(cluster, 18_080, places)
const mode = (file: string): number => statSync(file).mode & 0o777

test('the configuration is one that the server takes, for the cluster that is up and the token that was made', () => {
  const settings = parseSettings(readFileSync(places.config, 'utf8'), places.config)
  assert.deepEqual(settings.listen, { host: '127.0.0.1', port: 18_080 })
  assert.deepEqual(
    settings.tokens.map(token => token.sha256),
    [sha256(api.token)],
  )
  const [local] = settings.clusters
  assert.deepEqual(local?.ssh, { host: '127.0.0.1', port: 2222, knownHostsFile: '/etc/known' })
  assert.deepEqual([local?.workDir, settings.worker.releaseDirectory], [places.workDir, places.workerRelease])
})

test('token and configuration are private, and the token stays from run to run', () => {
  assert.deepEqual([mode(places.token), mode(places.config)], [0o600, 0o600])
  assert.equal(readFileSync(places.token, 'utf8'), api.token)
  assert.equal(writeConfiguration(cluster, 18_080, places).token, api.token)
})

test('a shell that reads env.sh has address, token and the way to the cluster; the file itself holds no secret', () => {
  const text = readFileSync(places.shellSettings, 'utf8')
  assert.ok(!text.includes(api.token))
  const settings = execFileSync('sh', ['-c', `. "$1"; env`, 'sh', places.shellSettings], { env: {}, encoding: 'utf8' })
  const found = Object.fromEntries(settings.split('\n').map(line => line.split(/=(.*)/s).slice(0, 2)))
  const { TROTLINE_URL, TROTLINE_TOKEN, SLURM_CONF, ...rest } = found
  assert.deepEqual([TROTLINE_URL, TROTLINE_TOKEN, SLURM_CONF], [api.url, api.token, cluster.slurmConf])
  assert.deepEqual(
    ['HOST', 'PORT', 'USER', 'KEY', 'KNOWN_HOSTS'].map(name => rest[`TROTLINE_SSH_${name}`]),
    ['127.0.0.1', '2222', 'ada', '/secrets/id', '/etc/known'],
  )
})
