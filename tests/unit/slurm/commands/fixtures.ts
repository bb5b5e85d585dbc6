// Recorded answers for the tests of this folder, of every Slurm version there is a recording of.
import assert from 'node:assert/strict'
import { type Fixture, majorOf, readFixtures } from '../../../fixtures/fixture-file.ts'

const all = await readFixtures()

export const VERSIONS = [...new Set(all.map(({ slurm }) => majorOf(slurm)))]

export const fixturesOf = (command: string): Fixture[] => all.filter(({ name }) => name.startsWith(`${command}-`))

/** That case, once per recorded version; never an empty list. */
export function recorded(name: string): Fixture[] {
  const found = all.filter(fixture => fixture.name === name)
  assert.equal(found.length, VERSIONS.length, `${name} is not recorded for each of ${VERSIONS}: npm run record`)
  return found
}
