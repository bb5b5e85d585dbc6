// npm ci refuses a lockfile that lacks an optional package it finds named in another ("Missing: … from lock file"), and npm install
// leaves those out that the registry at hand does not serve.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface LockedPackage {
  version?: string
  optionalDependencies?: Record<string, string>
}

test('every optional package that the lockfile names has its entry, so that npm ci accepts it', () => {
  const text = readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')
  const packages: Record<string, LockedPackage> = JSON.parse(text).packages
  const missing = Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(name => {
      const places = [`${owner}/node_modules/${name}`, `node_modules/${name}`]
      return !places.some(place => packages[place]?.version !== undefined)
    }),
  )
  assert.deepEqual(missing, [])
})

test('no address of a registry stands in the lockfile', () => {
  const text = readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')
  assert.doesNotMatch(text, /"resolved": "https?:/)
})
