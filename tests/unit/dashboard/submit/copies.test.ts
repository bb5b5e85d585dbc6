import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { commandOf, curlOf, shellWord } from '../../../../apps/dashboard/src/submit/copies.ts'

const NASTY = { name: `it's "$HOME" \`id\` \\ 100%d ü`, list: ['\n', '--x'] }

test('a request that is copied as a command comes out of a shell as it went in', () => {
  const command = commandOf(NASTY)
  assert.match(command, / \| trotline submit - --follow$/)
  const { stdout } = spawnSync('/bin/sh', ['-c', command.replace(/ \| trotline.*$/s, '')], { encoding: 'utf8' })
  assert.deepEqual(JSON.parse(stdout), NASTY)
})

test('curl is told the request as one word, and the token is not in the line', () => {
  const line = curlOf(NASTY, 'https://trotline.example.org')
  assert.ok(line.startsWith('curl --fail-with-body https://trotline.example.org/v1/jobs'))
  assert.ok(line.includes(shellWord(JSON.stringify(NASTY))))
  assert.match(line, /Bearer \$TROTLINE_TOKEN/)
  const { stdout } = spawnSync('/bin/sh', ['-c', line.replace(/^curl/, "printf '%s\\n'")], { encoding: 'utf8' })
  assert.ok(stdout.includes(JSON.stringify(NASTY)))
})
