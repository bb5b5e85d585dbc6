// The table of daemons: who they are, what each needs first, and how each says that it is ready.

import { mariadbDaemon, slurmdbdDaemon } from './accounting.ts'
import type { Daemon } from './daemon.ts'
import type { ClusterPlan, Layout } from './layout.ts'
import { NODES } from './nodes.ts'
import { isListenedOn } from './ports.ts'
import { cleanSettings, runProgram } from './programs.ts'
import { redisDaemon } from './redis.ts'
import { sshdDaemon } from './ssh-access.ts'

/** In the order in which they start; `down` stops them in the reverse. */
export function daemonsOf(layout: Layout, plan: ClusterPlan): Daemon[] {
  return [
    mungedDaemon(layout),
    redisDaemon(layout.redisFolder, plan.ports.redis ?? 0),
    sshdDaemon(layout, plan),
    ...(plan.options.accounting ? [mariadbDaemon(layout, plan), slurmdbdDaemon(layout, plan)] : []),
    slurmctldDaemon(layout, plan),
    ...NODES.map(node => slurmdDaemon(layout, plan, node.name)),
  ]
}

function mungedDaemon(layout: Layout): Daemon {
  return {
    name: 'munged',
    needs: [],
    argv: [
      'munged',
      '--foreground',
      '--force', // a home below a folder of mode 0700, such as root's, is a warning and no refusal
      `--key-file=${layout.mungeKey}`,
      `--socket=${layout.mungeSocket}`,
      `--pid-file=${layout.pidFile('munged')}`,
      `--seed-file=${layout.pidFile('munged')}.seed`,
      `--log-file=${layout.log('munged.log')}`,
      '--num-threads=4',
    ],
    mark: `--socket=${layout.mungeSocket}`,
    configFiles: [layout.mungeKey],
    recordFile: layout.record('munged'),
    logFiles: [layout.log('munged.out'), layout.log('munged.log')],
    readyWithinSeconds: 30,
    ready: async () => (await runProgram(['munge', '-n', '-S', layout.mungeSocket])).exitCode === 0,
  }
}

function slurmctldDaemon(layout: Layout, plan: ClusterPlan): Daemon {
  const settings = cleanSettings({ SLURM_CONF: layout.daemonsSlurmConf })
  return {
    name: 'slurmctld',
    needs: ['munged', ...(plan.options.accounting ? ['slurmdbd'] : [])],
    argv: ['slurmctld', '-D', '-i', '-f', layout.daemonsSlurmConf],
    mark: `-f ${layout.daemonsSlurmConf}`,
    configFiles: [layout.daemonsSlurmConf, layout.gresConf, layout.cgroupConf],
    settings,
    recordFile: layout.record('slurmctld'),
    logFiles: [layout.log('slurmctld.out'), layout.log('slurmctld.log')],
    readyWithinSeconds: 90,
    ready: async () => (await runProgram(['scontrol', 'ping'], { settings })).stdout.includes(' is UP'),
  }
}

/**
 * Ready means that slurmd listens and slurmctld has heard from the node: `idle*` or `unk*` is a node it only knows from slurm.conf, and
 * for a while after slurmd's death sinfo still says `idle`.
 */
function slurmdDaemon(layout: Layout, plan: ClusterPlan, node: string): Daemon {
  const settings = cleanSettings({ SLURM_CONF: layout.daemonsSlurmConf })
  return {
    name: `slurmd-${node}`,
    needs: ['slurmctld'],
    argv: ['slurmd', '-D', '-N', node, '-f', layout.daemonsSlurmConf],
    mark: `-N ${node} -f ${layout.daemonsSlurmConf}`,
    configFiles: [layout.daemonsSlurmConf, layout.gresConf, layout.cgroupConf],
    settings,
    recordFile: layout.record(`slurmd-${node}`),
    logFiles: [layout.log(`slurmd-${node}.out`), layout.log(`slurmd-${node}.log`)],
    readyWithinSeconds: 120,
    ready: async () => {
      if (!isListenedOn(plan.ports[`slurmd-${node}`] ?? 0)) return false
      const { exitCode, stdout } = await runProgram(['sinfo', '-h', '-N', '-n', node, '-o', '%T'], { settings })
      return exitCode === 0 && /^[a-z]+$/m.test(stdout) && !/^(down|unknown|future)/m.test(stdout)
    },
  }
}
