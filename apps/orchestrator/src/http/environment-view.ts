// Environments as they are shown: what is kept of them, the names that lead to them, and where they are made.
import type { Environment } from '@trotline/contracts'
import type { EnvironmentRecord } from '../store/environments.ts'
import type { Services } from './services.ts'

type Needs = Pick<Services, 'environments' | 'materialisations'>

export async function viewsOf(
  records: readonly EnvironmentRecord[],
  { environments, materialisations }: Needs,
): Promise<Environment[]> {
  const ids = records.map(({ id }) => id)
  const [names, on] = await Promise.all([
    environments.namesOf(ids),
    Promise.all(ids.map(id => materialisations.on(id))),
  ])
  return records.map((record, i) => ({ ...record, names: names[i] ?? [], on: on[i] ?? [] }))
}

export async function viewOf(record: EnvironmentRecord, needs: Needs): Promise<Environment> {
  const [view] = await viewsOf([record], needs)
  if (view === undefined) throw new TypeError('one record has one view')
  return view
}
