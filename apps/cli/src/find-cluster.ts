// CLUSTER on the command line: a name, or nothing where the configuration says which is meant, or where there is only one.
import type { Context } from './context.ts'
import { CliError } from './errors.ts'

export async function findCluster(
  { client, configuration }: Pick<Context, 'client' | 'configuration'>,
  wanted: string | undefined,
): Promise<string> {
  const named = wanted ?? configuration.of('cluster')?.value
  if (named !== undefined) return named
  const { items } = await client.clusters()
  const [only] = items
  if (only !== undefined && items.length === 1) return only.name
  throw new CliError('USAGE', 'Which cluster?', {
    facts: [`There are ${items.map(({ name }) => name).join(', ')}.`],
    fix: ['Name it, or for good: trotline config set cluster NAME'],
  })
}
