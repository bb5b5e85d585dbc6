// Slurm's reasons for not starting a job, in words: what each means and one thing to do. Pure and total: a word that no row
// names keeps its own place, verbatim. Words: man squeue, JOB REASON CODES, and the strings of libslurm 22.05.

export interface ReasonMeaning {
  meaning: string
  /** null: nothing but to wait. */
  action: string | null
}

type Row = readonly [pattern: RegExp, meaning: string | ((word: string) => string), action: string | null]

const ASK_LESS = 'Cancel it and submit again asking for less, or ask the cluster staff for a higher limit.'
const ASK_STAFF = 'Ask the cluster staff.'
const WAIT_FOR_OWN = 'Wait until one of the others ends, or cancel one that is not needed.'

// The first row that fits is taken, so the narrow ones stand above the wide ones.
const ROWS: readonly Row[] = [
  [/^None$/, 'Slurm has not looked at it yet; it does so every few seconds.', null],
  [/^(WaitingForScheduling|Sched\w*)$/, 'Slurm has not got round to it in this scheduling cycle.', null],
  [/^Priority$/, 'Other jobs of this partition have a higher priority and are served first.', null],
  [/^Resources$/, 'It is at the front and waits until enough nodes, CPUs, memory or GPUs are free.', null],
  [
    /^JobHeldUser$/,
    'It is held in Slurm by its own user (resources.hold, or scontrol hold).',
    'Let Slurm have it: scontrol release with the Slurm job id, on the cluster.',
  ],
  [
    /^JobHeldAdmin$/,
    'An administrator holds it in Slurm.',
    'Ask the cluster staff why they hold it; only they can release it.',
  ],
  [
    /^JobHoldMaxRequeue$/,
    'Slurm has requeued it as often as the site allows and holds it now.',
    'Cancel it, and ask the cluster staff why its runs kept being requeued.',
  ],
  [
    /launch[ _]failed[ _]requeued[ _]held/i,
    'Slurm could not launch it on its node, put it back into the queue and holds it there.',
    'Ask the cluster staff to look at the node and to release the job (scontrol release).',
  ],
  [
    /requeued[ _]in[ _]held[ _]state|requeued[ _]held/i,
    'It was put back into the queue and is held there.',
    'Ask the cluster staff to release it (scontrol release), or cancel it.',
  ],
  [
    /^BeginTime$/,
    'Its begin time has not come: the one it asks for, or the short pause after Slurm has requeued it.',
    null,
  ],
  [
    /^DependencyNeverSatisfied$/,
    'The job it waits for has ended in a way that never lets this one start.',
    'Cancel it and submit it again without that dependency.',
  ],
  [/^Dependency/, 'It waits until another job has ended.', null],
  [
    /^Licenses/,
    'All licences of the kind it asks for are in use.',
    'Wait, or submit again without resources.licenses where it can do without.',
  ],
  [
    /^ReservationDeleted$/,
    'The reservation it asks for has been deleted.',
    'Cancel it and submit it again without resources.reservation.',
  ],
  [
    /^Reservation/,
    'The reservation it asks for has not begun, or has no room left.',
    'Wait for the reservation, or submit again without resources.reservation.',
  ],
  [
    /^ReqNodeNotAvail/,
    word =>
      `A node it needs cannot be used now: it is down, drained, or reserved (such as for maintenance)${behindComma(word)}.`,
    'Wait, or submit again to another partition or with a time limit that ends before the maintenance.',
  ],
  [
    /^(Nodes[ _]required[ _]for[ _]job[ _]are|\(Nodes)/i,
    'All nodes that could run it are down, drained, or reserved for jobs of higher-priority partitions.',
    'Wait, or submit again to another partition.',
  ],
  [/^(NodeDown|FrontEndDown)$/, 'A node it needs is down.', 'Wait for the node, or submit again to another partition.'],
  [
    /^PartitionTimeLimit$/,
    'It asks for more time than its partition allows.',
    'Cancel it and submit it again with a shorter resources.timeLimitMinutes.',
  ],
  [
    /^Partition(NodeLimit|MaxNodes|MinNodes)$/,
    'It asks for more or fewer nodes than its partition allows, or for nodes that are all unavailable there.',
    'Cancel it and submit it again to a partition that fits.',
  ],
  [
    /^Partition(Down|Inactive)$/,
    'Its partition starts no jobs now: the cluster staff have closed it.',
    'Wait until it is opened again, or submit to another partition.',
  ],
  [
    /^PartitionConfig$/,
    'Its partition does not allow what it asks for.',
    'Cancel it and submit it again to another partition.',
  ],
  [
    /^BadConstraints$/,
    'No node of the cluster can ever meet what it asks for.',
    'Cancel it and submit it again asking for less, or with another constraint.',
  ],
  [
    /^(InvalidAccount|AccountNotAllowed)$/,
    'Its account does not exist or may not use this partition.',
    'Cancel it and submit it again with another resources.account.',
  ],
  [
    /^(InvalidQOS|QOSNotAllowed)$/,
    'Its quality of service does not exist or may not be used here.',
    'Cancel it and submit it again with another resources.qos.',
  ],
  [
    /^QOSMaxSubmit|^AssocMaxSubmit|^(QOS|Assoc)GrpSubmit|^MaxSubmitJobs/,
    'As many jobs as the site allows are submitted already.',
    WAIT_FOR_OWN,
  ],
  [
    /^QOSMaxJobs?\w*PerUser|^QOSMaxJobs|^AssocMaxJobs|^MaxJobsPerAccount|^QOSJobLimit$|^AssociationJobLimit$/,
    'As many of your jobs run as the site allows at once.',
    WAIT_FOR_OWN,
  ],
  [
    /^(QOS|Assoc)Grp(Jobs|Submit)/,
    'As many jobs of your group run as the site allows at once.',
    'Wait until one of the group’s jobs ends.',
  ],
  [
    /^QOSMin/,
    'It asks for less than the least that its quality of service accepts.',
    'Cancel it and submit it again asking for more, or with another resources.qos.',
  ],
  [
    /^(QOS|Assoc)Max\w*(PerJob|PerNode)|^(QOS|Assoc)MaxWall/,
    word => `It asks for more than one job may have here (${word}), so it never starts as it stands.`,
    ASK_LESS,
  ],
  [
    /^QOSMax|^AssocMax|^Max\w+PerAccount/,
    word => `Your running jobs use as much as the site allows one user (${word}).`,
    WAIT_FOR_OWN,
  ],
  [
    /^(QOS|Assoc)Grp\w*Minutes/,
    word => `Your group has used up its share of computing time (${word}).`,
    'Wait until the share is renewed, or ask the cluster staff for more.',
  ],
  [
    /^(QOS|Assoc)Grp/,
    word => `The running jobs of your group use as much as the site allows it at once (${word}).`,
    'Wait until some of the group’s jobs end.',
  ],
  [
    /^(QOS|Association)(ResourceLimit|TimeLimit)$|^AccountingPolicy$|^QOSUsageThreshold$/,
    word => `A limit of your account or quality of service is reached (${word}).`,
    'Wait until some of your jobs end, or ask the cluster staff which limit it is.',
  ],
  [/^MaxMemPerLimit$/, 'It asks for more memory per node or CPU than the site allows.', ASK_LESS],
  [/^JobArrayTaskLimit$|^ArrayTaskLimit$/, 'As many tasks of its array run as it allows at once.', null],
  [/^(Prolog|Cleaning|Resv(Prolog|Epilog))$/, 'Slurm prepares or cleans up its node.', null],
  [/^Power|^NodePower/, 'Its node is being powered up, or there is not enough power for it.', null],
  [/^BurstBuffer/, 'It waits for the burst buffer.', ASK_STAFF],
  [/^Fed|^RemoteFed/, 'Another cluster of the federation decides about it.', null],
  [/^DeadLine$/i, 'Its deadline can no longer be met.', 'Cancel it and submit it again.'],
  [/^user[ _]env[ _]retrieval[ _]failed/i, 'Slurm could not read the user’s environment and holds the job.', ASK_STAFF],
  [
    /^(JobLaunchFailure|SystemFailure|NonZeroExitCode|RaisedSignal|InactiveLimit|TimeLimit|OutOfMemory)/,
    word => `Its last run has ended (${word}), and Slurm has it in the queue again.`,
    null,
  ],
]

const NO_REASON = 'Slurm gives no reason.'

export function meaningOf(word: string | null): ReasonMeaning {
  if (word === null || word.trim() === '') return { meaning: NO_REASON, action: null }
  for (const [pattern, meaning, action] of ROWS) {
    if (pattern.test(word)) return { meaning: typeof meaning === 'string' ? meaning : meaning(word), action }
  }
  return {
    meaning: `Slurm gives the reason "${word}", which has no words here.`,
    action: `Look it up: man squeue, JOB REASON CODES. ${ASK_STAFF}`,
  }
}

/** `ReqNodeNotAvail, UnavailableNodes:k02` */
function behindComma(word: string): string {
  const rest = word.slice(word.indexOf(',') + 1).trim()
  return word.includes(',') && rest !== '' ? ` (${rest})` : ''
}
