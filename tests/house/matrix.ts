// `npm run matrix`: is conda/compatibility.json sound, and what does it cover? conda/compatibility.md says how to add to it.
import { readFileSync } from 'node:fs'
import { checkMatrix, coverageText } from '@trotline/environment'

const FILE = 'conda/compatibility.json'

const { faults, coverage } = checkMatrix(readFileSync(new URL(`../../${FILE}`, import.meta.url), 'utf8'))
if (coverage === null) {
  for (const fault of faults) console.error(`  ${fault}`)
  console.error(`${FILE}: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`)
  process.exitCode = 1
} else {
  console.log(coverageText(coverage))
  console.log(`${FILE}: sound`)
}
