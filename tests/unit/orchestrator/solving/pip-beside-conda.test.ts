import assert from 'node:assert/strict'
import { test } from 'node:test'
import { condaAsPip, nameOfLine, refuseOverlap } from '../../../../apps/orchestrator/src/solving/pip-beside-conda.ts'

const PYTHON = { name: 'python', version: '3.11.9' }
const asked = (words: string) => ({ name: nameOfLine(words), words })

test('what conda installs is known by the name that pip has for it', () => {
  const names = condaAsPip([PYTHON, { name: 'pytorch', version: '2.1' }, { name: 'typing_extensions', version: '4' }])
  assert.ok(names.includes('torch'))
  assert.ok(names.includes('typing-extensions'))
  assert.ok(!condaAsPip([{ name: '_libgcc_mutex', version: '0.1' }]).some(name => !/^[a-z0-9]/.test(name)))
})

test('a package of pip that conda brings as well is refused by both names, however it is written', () => {
  const conda = [PYTHON, { name: 'pytorch', version: '2.1' }, { name: 'typing_extensions', version: '4' }]
  assert.throws(() => refuseOverlap([asked('torch==2.1')], conda), {
    code: 'PIP_REFUSED',
    message: 'torch==2.1 of pip would be installed over the torch of conda, whose files the lock vouches for.',
  })
  assert.throws(() => refuseOverlap([asked('Typing.Extensions>=4')], conda), { code: 'PIP_REFUSED' })
  refuseOverlap([asked('torchviz==0.0.2')], conda)
})

test('a part for pip without a Python is refused, and an empty one needs none', () => {
  assert.throws(() => refuseOverlap([asked('six')], []), { code: 'PIP_REFUSED', message: /no Python/ })
  refuseOverlap([], [])
})
