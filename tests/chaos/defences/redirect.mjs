// A resolve hook: whoever imports the lease or the commit script gets the ones of this folder; these themselves get the real ones.
const INSTEAD = [
  ['/apps/orchestrator/src/store/lease.ts', './no-lease.ts'],
  ['/apps/orchestrator/src/store/commit-script.ts', './commit-without-lease.ts'],
]

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  if (context.parentURL?.includes('/tests/chaos/defences/')) return found
  const [path] = found.url.split('?')
  const instead = INSTEAD.find(([end]) => path.endsWith(end))
  return instead === undefined ? found : next(new URL(instead[1], import.meta.url).href, context)
}
