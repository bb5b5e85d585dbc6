// Both drivers against the one contract: this machine directly, and over a real sshd.
import { createLocalTransport, createSsh2Transport } from '@trotline/slurm'
import { sharedCluster } from '../support/cluster.ts'
import { transportConformance } from './transport.ts'

transportConformance('local', async () => createLocalTransport(), { canKill: true })
transportConformance(
  'ssh2',
  async () => {
    const { user, ...ssh } = (await sharedCluster()).ssh
    return createSsh2Transport({ ...ssh, username: user })
  },
  { canKill: false },
)
