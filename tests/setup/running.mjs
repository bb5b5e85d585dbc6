// A reporter for node:test beside the one that people read: after every change a line of JSON with what is running now,
// so that a run that hits its time limit can say what it was waiting for.

export default async function* running(source) {
  const open = new Map()
  for await (const { type, data } of source) {
    const key = `${data?.nesting} ${data?.file ?? ''} ${data?.name}`
    if (type === 'test:dequeue') open.set(key, nameOf(data))
    else if (type === 'test:complete' || type === 'test:pass' || type === 'test:fail') open.delete(key)
    else continue
    yield `${JSON.stringify([...open.values()])}\n`
  }
}

/** The runner's own entry for a file is named by its path. */
function nameOf({ nesting, name, file }) {
  const place = file === undefined || file === name ? '' : ` (${file.replace(/^.*\/tests\//, 'tests/')})`
  return `${'  '.repeat(nesting)}${name.replace(/^.*\/tests\//, 'tests/')}${place}`
}
