// A process that enters an environment as a run does: says so in a line of JSON, and leaves when its stdin ends.
//   node environment-enter-process.ts <RunEnvironment as JSON> <Slurm job id>
import { once } from 'node:events'
import { enterEnvironment } from '../../apps/worker/src/environment/enter.ts'

const [env = '', slurmJobId = ''] = process.argv.slice(2)
const entered = await enterEnvironment(JSON.parse(env), {
  slurmJobId,
  salt: slurmJobId,
  say: line => process.stderr.write(`${line}\n`),
})
process.stdout.write(
  `${JSON.stringify('failure' in entered ? entered : { prefix: entered.prefix, look: entered.look })}\n`,
)
process.stdin.resume()
await once(process.stdin, 'end')
if ('leave' in entered) await entered.leave()
process.stdout.write('left\n')
