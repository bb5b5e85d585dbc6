import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnvironmentsSettings } from '../../../../../apps/orchestrator/src/environment-settings.ts'
import { createKnownChannels } from '../../../../../apps/orchestrator/src/solving/channels/known-channels.ts'

const known = (settings: object) => createKnownChannels(EnvironmentsSettings.parse(settings))
const MAIN = { name: 'main', url: 'https://Conda.Example.org:443/main/' }

test('a channel has one address, however it is written', () => {
  const channels = known({ channels: [MAIN] })
  for (const written of ['main', 'https://conda.example.org/main', 'https://conda.example.org:443/main//', MAIN.url])
    assert.equal(channels.placeOf(written).url, 'https://conda.example.org/main')
  assert.throws(() => channels.placeOf('http://conda.example.org/main'), { code: 'CHANNEL_REFUSED' })
  assert.throws(() => channels.placeOf('main/label/rc'), { code: 'CHANNEL_REFUSED' })
})

test('where nothing is configured the refusal says so', () => {
  assert.throws(() => known({}).placeOf('main'), { message: /It is configured with none\./ })
})

test('what a cluster can have without this server, and from where, is told apart', () => {
  const channels = known({
    channels: [
      MAIN,
      { name: 'mirrored', url: 'https://a.example.org/x', mirror: 'http://mirror.example.org/y/' },
      { name: 'secret', url: 'https://b.example.org/x', mirror: 'https://c.example.org/x', credentialsFile: '/none' },
      { name: 'here', url: 'https://d.example.org/x', directory: '/srv/x' },
    ],
  })
  const hash = { md5: 'a'.repeat(32), sha256: 'b'.repeat(64), size: 1 }
  const conda = [
    'conda.example.org/main',
    'a.example.org/x',
    'b.example.org/x',
    'd.example.org/x',
    'e.example.org/x',
    // No channel has this address: the archives of one lie two folders below it.
    'f.example.org',
  ].map((at, i) => ({
    name: `n${i}`,
    version: '1',
    build: '0',
    subdir: 'linux-64' as const,
    url: `https://${at}/linux-64/n${i}-1-0.conda`,
    ...hash,
  }))
  assert.deepEqual(channels.mirrorsFor({ conda }), {
    mirrors: { 'https://a.example.org/x/': 'http://mirror.example.org/y/' },
    onlyHere: ['https://b.example.org/x', 'https://d.example.org/x'],
    refused: ['https://e.example.org/x', 'https://f.example.org'],
  })
  const anywhere = known({ channels: [MAIN], otherChannels: 'accept' })
  assert.deepEqual(anywhere.mirrorsFor({ conda }).refused, [])
})
