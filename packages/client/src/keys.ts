// Idempotency keys: a request whose answer was lost is asked again under the same one, and is done once.

/** Once per thing that a person does. Not crypto.randomUUID: a browser has that only over https and on loopback. */
export function newKey(prefix = ''): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join(
    '',
  )
  return `${prefix}${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
}
