// What is known to keep a lock from being made on a cluster, whatever is tried there: said before a job waits for it.
import type { EnvironmentLock, Finding } from '@trotline/contracts'
import type { ClusterSettings, Settings } from '../config.ts'
import { createKnownChannels } from '../solving/channels/known-channels.ts'

export function unmakeable(
  { conda, pip }: Pick<EnvironmentLock, 'conda' | 'pip'>,
  { name, environments }: Pick<ClusterSettings, 'name' | 'environments'>,
  settings: Pick<Settings['environments'], 'channels' | 'otherChannels' | 'pipIndex'>,
): Finding[] {
  const [stranger, ...others] = createKnownChannels(settings).mirrorsFor({ conda }).refused
  if (stranger !== undefined)
    return [
      {
        pointer: '/environment',
        detail: `The environment has packages of ${stranger}${others.length > 0 ? ` and of ${others.length} other channels` : ''}, and this server takes none from there`,
        ...(settings.channels.length > 0 ? { required: settings.channels.map(({ url }) => url).join(', ') } : {}),
        found: stranger,
        hint: 'Solve the environment from channels of this server, or ask the operator to add it to environments.channels',
      },
    ]
  if (pip.length === 0) return []
  const many = pip.length === 1 ? 'a package' : `${pip.length} packages`
  const refuse = (why: string, hint: string): Finding[] => [
    {
      pointer: '/environment',
      detail: `The environment has ${many} of pip (${pip[0]?.name}${pip.length > 1 ? ', …' : ''}), and ${why}`,
      hint,
    },
  ]
  if (settings.pipIndex === null)
    return refuse(
      'this server knows no index to take them from',
      'Leave them out, or ask the operator for environments.pipIndex',
    )
  if (environments.archives === 'upload')
    return refuse(
      `cluster ${name} reaches no network: only packages of conda are brought there`,
      'Take packages of conda in their place',
    )
  return []
}
