// Renders slurm.conf, gres.conf, cgroup.conf and slurmdbd.conf for Slurm 22.05. Pure: layout and plan in, text out.

import type { ClusterPlan, Layout } from './layout.ts'
import { type ClusterNode, NODES, PARTITIONS } from './nodes.ts'

/**
 * Daemons listen on the address of the host's name only (NoInAddrAny); otherwise it would be all addresses. srun listens too, and steps
 * answer to the address it called from: where the name is 127.0.1.1, as on an installed Debian, that is 127.0.0.1, and with NoInAddrAny
 * srun never hears them ("Slurmd could not connect IO", seen with 22.05.8). There the clients' file leaves it out, and jobs, which
 * slurmd gives its own file, are sent back to the clients' by a task prolog.
 */
export function slurmConf(layout: Layout, plan: ClusterPlan, reader: 'daemons' | 'clients'): string {
  const { options, ports, hostName, address } = plan
  const listening =
    reader === 'clients' && callsFromElsewhere(plan) ? '' : 'CommunicationParameters=NoInAddrAny,NoCtldInAddrAny'
  return `ClusterName=${plan.clusterName}
SlurmctldHost=${hostName}(${address})
SlurmctldPort=${ports.slurmctld}
SlurmUser=${plan.user}
SlurmdUser=${plan.user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${layout.mungeSocket},cred_expire=${options.credExpireSeconds}
${listening}
TaskProlog=${layout.taskProlog}
StateSaveLocation=${layout.state}
SlurmdSpoolDir=${layout.spool}/%n
SlurmctldPidFile=${layout.pidFile('slurmctld')}
SlurmdPidFile=${layout.pidFile('slurmd-%n')}
SlurmctldLogFile=${layout.log('slurmctld.log')}
SlurmdLogFile=${layout.log('slurmd-%n.log')}
SlurmctldDebug=info
SlurmdDebug=info
LogTimeFormat=iso8601_ms

# Processes: no cgroup, so no root is needed.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
PropagateResourceLimits=NONE
# Nodes claim more cores and memory than this machine has.
SlurmdParameters=config_overrides

SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,sched_interval=5,batch_sched_delay=0,default_queue_depth=1000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
PriorityType=priority/multifactor
PriorityWeightAge=1000
PriorityWeightPartition=10000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
GresTypes=gpu
EnforcePartLimits=ALL
MaxJobCount=20000
MaxArraySize=10001

MinJobAge=${options.minJobAgeSeconds}
KillWait=${options.killWaitSeconds}
SlurmctldTimeout=30
SlurmdTimeout=${options.slurmdTimeoutSeconds}
InactiveLimit=0
ReturnToService=2
OverTimeLimit=0
CompleteWait=0
UnkillableStepTimeout=30

${accountingLines(layout, plan)}
JobCompType=jobcomp/filetxt
JobCompLoc=${layout.log('jobcomp.txt')}

NodeName=DEFAULT Sockets=1 ThreadsPerCore=1 State=UNKNOWN
${NODES.map(node => nodeLine(node, plan)).join('\n')}

PartitionName=DEFAULT State=UP DefMemPerCPU=1000
${PARTITIONS.map(partitionLine).join('\n')}
`
}

const callsFromElsewhere = ({ address }: ClusterPlan) => address.startsWith('127.') && address !== '127.0.0.1'

/** What it prints becomes the task's setting. Each node has programs of its own, though all run on one machine: nvidia-smi.ts. */
export function taskProlog(layout: Layout, plan: ClusterPlan): string {
  const clients = callsFromElsewhere(plan) ? `echo 'export SLURM_CONF=${layout.slurmConf}'\n` : ''
  const own = layout.nodePrograms('$SLURMD_NODENAME')
  return `#!/bin/sh\n${clients}if [ -d "${own}/bin" ]; then echo "export PATH=${own}/bin:$PATH"; fi\n`
}

function accountingLines(layout: Layout, { options, ports, address }: ClusterPlan): string {
  // AccountingStorageTRES=gres/gpu without slurmdbd is fatal in 22.05.
  if (!options.accounting) return 'AccountingStorageType=accounting_storage/none'
  // AccountingStoragePass is munge's socket: clients of slurmdbd do not read AuthInfo for it.
  return `AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=${address}
AccountingStoragePort=${ports.slurmdbd}
AccountingStoragePass=${layout.mungeSocket}
AccountingStoreFlags=job_comment,job_script
AccountingStorageTRES=gres/gpu`
}

function nodeLine(node: ClusterNode, { hostName, address, ports }: ClusterPlan): string {
  return [
    `NodeName=${node.name}`,
    `NodeHostname=${hostName}`,
    `NodeAddr=${address}`,
    `Port=${ports[`slurmd-${node.name}`]}`,
    `CoresPerSocket=${node.cores}`,
    `CPUs=${node.cores}`,
    `RealMemory=${node.memoryMb}`,
    ...(node.gpus ? [`Gres=gpu:${node.gpus.type}:${node.gpus.count}`] : []),
    `Feature=${node.features.join(',')}`,
  ].join(' ')
}

function partitionLine(partition: (typeof PARTITIONS)[number], at: number): string {
  return [
    `PartitionName=${partition.name}`,
    `Nodes=${partition.nodes === 'ALL' ? 'ALL' : partition.nodes.join(',')}`,
    ...(at === 0 ? ['Default=YES'] : []),
    `MaxTime=${partition.maxTime}`,
    `DefaultTime=${partition.defaultTime}`,
    `PriorityTier=${partition.priorityTier}`,
    ...(partition.name === 'scavenger' ? ['PreemptMode=REQUEUE'] : []),
  ].join(' ')
}

/** File= must be a device, or CUDA_VISIBLE_DEVICES is silently not set; a link to /dev/null is accepted as one. */
export function gresConf(layout: Layout): string {
  const lines = NODES.flatMap(({ name, gpus }) =>
    gpus === undefined
      ? []
      : `NodeName=${name} Name=gpu Type=${gpus.type} File=${layout.devices}/nvidia[0-${gpus.count - 1}] Flags=nvidia_gpu_env`,
  )
  return `AutoDetect=off\n${lines.join('\n')}\n`
}

/** Left to find out by itself, slurmd ends where /sys/fs/cgroup is not mounted: a chroot, some containers. */
export const cgroupConf = () => 'CgroupPlugin=cgroup/v1\n'

export function slurmdbdConf(layout: Layout, plan: ClusterPlan, databasePassword: string): string {
  return `AuthType=auth/munge
AuthInfo=socket=${layout.mungeSocket}
CommunicationParameters=NoInAddrAny
DbdHost=${plan.hostName}
DbdAddr=${plan.address}
DbdPort=${plan.ports.slurmdbd}
SlurmUser=${plan.user}
DebugLevel=info
LogFile=${layout.log('slurmdbd.log')}
PidFile=${layout.pidFile('slurmdbd')}
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=${plan.ports.mariadbd}
StorageUser=slurm
StoragePass=${databasePassword}
StorageLoc=slurm_acct
`
}
