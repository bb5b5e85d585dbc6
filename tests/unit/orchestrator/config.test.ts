import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseSettings, type Settings } from '../../../apps/orchestrator/src/config.ts'
import { OrchestratorError } from '../../../apps/orchestrator/src/errors.ts'
import { sha256 } from '../../support/job-records.ts'

const whole = () => ({
  listen: { port: 8080 },
  store: { url: 'redis://127.0.0.1:6379', passwordFile: 'secrets/store' },
  worker: { releaseDirectory: '../releases' },
  tokens: [{ owner: 'ada', name: 'Ada', sha256: sha256('one') }],
  clusters: [
    {
      name: 'local',
      ssh: { host: 'login', knownHostsFile: 'known_hosts' },
      identities: [{ name: 'default', unixUser: 'ada', privateKeyFile: '/etc/trotline/key' }],
      workDir: '/scratch/trotline',
      node: '/usr/bin/node',
      reports: { kind: 'queue', url: 'redis://127.0.0.1:6379', user: 'reporter', passwordFile: 'secrets/report' },
    },
  ],
})
type Whole = ReturnType<typeof whole>

const FILE = '/etc/trotline/trotline.yaml'
const parse = (change: (settings: Whole) => unknown): Settings => {
  const settings = whole()
  change(settings)
  return parseSettings(JSON.stringify(settings), FILE)
}
function refusal(change: (settings: Whole) => unknown): string {
  return said(() => parse(change))
}
function said(parsing: () => unknown): string {
  try {
    parsing()
  } catch (error) {
    assert.ok(error instanceof OrchestratorError && error.code === 'CONFIG_INVALID', String(error))
    return error.message
  }
  return assert.fail('the configuration was accepted')
}
const withChannels = (channels: unknown[]): Settings =>
  parse(settings => Object.assign(settings, { environments: { channels } }))
const first = <T>(items: readonly T[]): T => items[0] ?? assert.fail('empty')
const set = (target: object, values: object): unknown => Object.assign(target, values)

describe('the configuration', () => {
  test('is complete with the defaults that are written down', () => {
    const settings = parse(() => {})
    assert.equal(settings.listen.host, '127.0.0.1')
    assert.equal(settings.store.prefix, 'trotline')
    assert.equal(first(settings.tokens).role, 'user')
    assert.equal(first(settings.clusters).ssh.port, 22)
    assert.deepEqual(
      [
        first(settings.clusters).pollIntervalMs,
        settings.limits.bodyBytes,
        settings.limits.eventsPerJob,
        settings.log.level,
      ],
      [5_000, 1_048_576, 5_000, 'info'],
    )
  })

  test('bounds what a cluster is asked, also where nobody wrote a ceiling', () => {
    const { ceilings, breaker } = first(parse(() => {}).clusters)
    assert.deepEqual(ceilings, {
      connections: 32,
      channelsPerConnection: 4,
      commandsPerMinute: 7_500,
      submissionsPerMinute: 6_000,
      waitSeconds: 120,
    })
    assert.deepEqual(breaker, {
      faults: 5,
      windowSeconds: 120,
      slowAnswerSeconds: 20,
      restSeconds: 5,
      longestRestSeconds: 60,
    })
  })

  test('takes relative paths from the file’s own folder and leaves absolute ones', () => {
    const settings = parse(() => {})
    const cluster = first(settings.clusters)
    assert.equal(settings.worker.releaseDirectory, '/etc/releases')
    assert.equal(settings.store.passwordFile, '/etc/trotline/secrets/store')
    assert.equal(cluster.ssh.knownHostsFile, '/etc/trotline/known_hosts')
    assert.equal(first(cluster.identities).privateKeyFile, '/etc/trotline/key')
    assert.equal(cluster.reports.kind === 'queue' && cluster.reports.passwordFile, '/etc/trotline/secrets/report')
  })

  test('has the matrix that came with the server, unless another is named', () => {
    assert.match(parse(() => {}).compatibility.matrixFile, /\/conda\/compatibility\.json$/)
    const other = parse(settings => Object.assign(settings, { compatibility: { matrixFile: '../ours.json' } }))
    assert.equal(other.compatibility.matrixFile, '/etc/ours.json')
  })

  test('takes a job of which nobody can tell whether it runs, unless the cluster refuses it', () => {
    assert.deepEqual(first(parse(() => {}).clusters).compatibility, { unknown: 'accept', libtensorflow: null })
    const strict = parse(settings => Object.assign(first(settings.clusters), { compatibility: { unknown: 'refuse' } }))
    assert.deepEqual(first(strict.clusters).compatibility, { unknown: 'refuse', libtensorflow: null })
  })

  test('says what nodes are, and a version without quotes is refused, because YAML would cut it', () => {
    const yaml = (nodes: string): string => `${JSON.stringify(whole()).slice(0, -3)}, "nodes": ${nodes}}]}`
    const declared = parseSettings(
      yaml('[{ partition: gpu, nodes: ["gpu[01-04]"], driver: "570.10", gpu: Tesla K80, glibc: "2.17" }]'),
      FILE,
    ).clusters[0]?.nodes
    assert.deepEqual(declared, [
      { partition: 'gpu', features: [], nodes: ['gpu[01-04]'], driver: '570.10', gpu: 'Tesla K80', glibc: '2.17' },
    ])
    assert.match(
      said(() => parseSettings(yaml('[{ driver: 570.10 }]'), FILE)),
      /clusters\.0\.nodes\.0\.driver: is not text: put it in quotes, such as "396\.37"/,
    )
    for (const wrong of ['{ driver: "newest" }', '{ gpu: "" }', '{ nodes: ["a b"] }', '{ cuda: "9.2" }'])
      assert.match(
        said(() => parseSettings(yaml(`[${wrong}]`), FILE)),
        /clusters\.0\.nodes\.0/,
        wrong,
      )
  })

  test('has GPU nodes looked at once a day, unless the operator wishes otherwise', () => {
    const probe = (settings: unknown) =>
      parse(({ clusters: [cluster] }) => Object.assign(cluster ?? {}, { probe: settings })).clusters[0]?.probe
    assert.deepEqual(probe({}), { automatic: 'gpu', maxAgeHours: 24, pendingMinutes: 30, account: null, qos: null })
    assert.equal(probe({ automatic: 'off' })?.automatic, 'off')
    assert.match(
      refusal(({ clusters: [cluster] }) => Object.assign(cluster ?? {}, { probe: { automatic: false } })),
      /clusters\.0\.probe\.automatic/,
    )
  })

  test('names no channel, lets no other be asked and has limits, where nobody says anything of environments', () => {
    const { environments, clusters } = parse(() => {})
    assert.deepEqual(
      [environments.channels, environments.otherChannels, environments.uv, environments.pipIndex],
      [[], 'refuse', null, null],
    )
    assert.deepEqual(environments.solve, { timeLimitSeconds: 60, memoryMiB: 2048, atOnce: 1, waiting: 50 })
    assert.equal(environments.directory, '/etc/trotline/environments')
    const { where, archives, form, collect } = first(clusters).environments
    assert.deepEqual(
      [where, archives, form, collect],
      ['login-node', 'download', 'tree', { automatic: false, unusedDays: 90 }],
    )
  })

  test('takes folders and credentials of channels from the file’s own folder', () => {
    const url = 'https://conda.example.test/main'
    const { channels } = withChannels([
      { name: 'main', url, directory: 'main', credentialsFile: '../secret' },
    ]).environments
    assert.deepEqual([channels[0]?.directory, channels[0]?.credentialsFile], ['/etc/trotline/main', '/etc/secret'])
  })

  test('has no password in the address of a channel, no channel twice, and none that lies in two places', () => {
    const url = 'https://conda.example.test/main'
    for (const channel of [
      { name: 'main', url: 'https://ada:secret@conda.example.test/main' },
      { name: 'main', url: 'https://conda.example.test/t/secret/main' },
      { name: 'main', url: `${url}?token=1` },
      { name: 'main', url: 'file:///srv/main' },
      { name: '../main', url },
      { name: 'main', url, directory: '/srv/main', mirror: 'https://mirror.example.test/main' },
    ])
      assert.match(
        said(() => withChannels([channel])),
        /environments\.channels\.0/,
        JSON.stringify(channel),
      )
    const twice = [
      { name: 'main', url },
      { name: 'main', url },
    ]
    assert.match(
      said(() => withChannels(twice)),
      /environments\.channels\.1\.name: is named twice: main/,
    )
  })

  test('says how environments are made on a cluster, and where packed ones are unpacked', () => {
    const on = (environments: unknown) =>
      parse(({ clusters: [cluster] }) => Object.assign(cluster ?? {}, { environments })).clusters[0]?.environments
    assert.deepEqual(on({ where: { partition: 'shared' } })?.where, {
      partition: 'shared',
      account: null,
      qos: null,
      cpus: 2,
      memoryMiB: 4096,
    })
    assert.equal(on({ form: 'packed', scratch: '/local/scratch' })?.scratch, '/local/scratch')
    for (const [wrong, pointer] of [
      [{ form: 'packed' }, /environments\.scratch: has to be given where the form is packed/],
      [{ installers: [{ tool: 'pip', path: '/usr/bin/pip' }] }, /environments\.installers\.0\.tool/],
      [{ installers: [{ tool: 'conda', path: '/opt/a b; id' }] }, /environments\.installers\.0\.path/],
      [{ where: 'compute-node' }, /environments\.where/],
    ] as const)
      assert.match(
        said(() => on(wrong)),
        pointer,
      )
  })

  test('is YAML', () => {
    const yaml = `# a comment\nlisten:\n  port: 9\nstore: ${JSON.stringify(whole().store)}\nworker: {releaseDirectory: x}\ntokens: []\nclusters: ${JSON.stringify(whole().clusters)}\n`
    assert.equal(parseSettings(yaml, FILE).listen.port, 9)
  })

  const WRONG: [field: string, change: (settings: Whole) => unknown][] = [
    ['listen.port', settings => set(settings.listen, { port: 70_000 })],
    [
      'clusters.0.compatibility.unknown',
      settings => set(first(settings.clusters), { compatibility: { unknown: 'guess' } }),
    ],
    ['store.prefix', settings => set(settings.store, { prefix: 'a:b' })],
    ['tokens.0.sha256', settings => set(first(settings.tokens), { sha256: 'secret' })],
    ['tokens.0.owner', settings => set(first(settings.tokens), { owner: 'a b' })],
    ['tokens.0.role', settings => set(first(settings.tokens), { role: 'root' })],
    ['clusters', settings => set(settings, { clusters: [] })],
    ['clusters.0.workDir', settings => set(first(settings.clusters), { workDir: 'relative' })],
    ['clusters.0.workDir', settings => set(first(settings.clusters), { workDir: '/a b' })],
    ['clusters.0.workDir', settings => set(first(settings.clusters), { workDir: '/a\n#SBATCH --uid=0' })],
    ['clusters.0.prologue.0', settings => set(first(settings.clusters), { prologue: ['two\nlines'] })],
    ['clusters.0.pollIntervalMs', settings => set(first(settings.clusters), { pollIntervalMs: 1 })],
    ['clusters.0.identities', settings => set(first(settings.clusters), { identities: [] })],
    ['clusters.0.identities.0.unixUser', s => set(first(first(s.clusters).identities), { unixUser: 'Root;' })],
    ['clusters.0.ssh.knownHostsFile', settings => set(first(settings.clusters), { ssh: { host: 'login' } })],
    ['clusters.0.reports.kind', settings => set(first(settings.clusters), { reports: { kind: 'pigeon' } })],
    ['clusters.0.ceilings.connections', s => set(first(s.clusters), { ceilings: { connections: 0 } })],
    ['clusters.0.ceilings', s => set(first(s.clusters), { ceilings: { queriesPerMinute: 1 } })],
    ['clusters.0.breaker.longestRestSeconds', s => set(first(s.clusters), { breaker: { longestRestSeconds: 1 } })],
    ['limits.sseClients', settings => set(settings, { limits: { sseClients: 0 } })],
  ]
  for (const [field, change] of WRONG) {
    test(`a wrong ${field} is named`, () => {
      const lines = refusal(change).split('\n')
      assert.ok(
        lines.some(line => line.startsWith(`  ${field}: `)),
        lines.join('\n'),
      )
    })
  }

  test('every wrong field is named at once', () => {
    const message = refusal(settings => {
      set(settings.listen, { port: -1 })
      set(first(settings.clusters), { workDir: 'x', node: 'y' })
    })
    for (const field of ['listen.port', 'clusters.0.workDir', 'clusters.0.node'])
      assert.ok(message.includes(`  ${field}: `))
  })

  test('an unknown field is refused by name: a host key check cannot be turned off by a switch that is not there', () => {
    const message = refusal(settings => set(first(settings.clusters).ssh, { strictHostKeyChecking: false }))
    assert.match(message, /clusters\.0\.ssh: .*strictHostKeyChecking/)
  })

  test('a cluster, an identity and a token cannot be there twice', () => {
    assert.match(
      refusal(settings => settings.clusters.push(first(settings.clusters))),
      /cluster "local" is named twice/,
    )
    assert.match(
      refusal(settings => first(settings.clusters).identities.push(first(first(settings.clusters).identities))),
      /identity "default" twice/,
    )
    assert.match(
      refusal(settings => settings.tokens.push({ ...first(settings.tokens), owner: 'bob' })),
      /ada and bob have the same token/,
    )
  })

  test('a secret in the wrong place is refused and not repeated', () => {
    const messages = [
      refusal(settings => set(settings.store, { url: 'redis://trotline:hunter2@127.0.0.1:6379' })),
      refusal(settings => set(settings.store, { password: 'hunter2' })),
      refusal(settings => set(first(settings.tokens), { sha256: 'hunter2' })),
      refusal(settings => set(first(settings.clusters), { reports: { kind: 'queue', url: 'redis://:hunter2@h' } })),
      said(() => parseSettings('store: {url: x\npassword: hunter2\n', FILE)),
    ]
    for (const message of messages) assert.doesNotMatch(message, /hunter2/)
  })

  test('a file that is not YAML says where', () => {
    assert.match(
      said(() => parseSettings('a: [1\nb: 2', FILE)),
      /trotline\.yaml is not YAML: .*line \d+/,
    )
  })

  test('an empty file is no configuration', () => {
    assert.match(
      said(() => parseSettings('', FILE)),
      /not a valid configuration/,
    )
  })
})
