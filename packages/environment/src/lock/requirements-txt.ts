// The pip part of a lock as pip installs it: `pip install --no-deps --require-hashes -r requirements.txt`.
import type { EnvironmentLock } from '@trotline/contracts'

/** Empty where the lock has nothing of pip. */
export const requirementsTxt = ({ pip }: EnvironmentLock): string =>
  pip.map(one => `${one.name}==${one.version}${one.sha256.map(hash => ` --hash=sha256:${hash}`).join('')}\n`).join('')
