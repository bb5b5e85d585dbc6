// What a job asks of Slurm. One field per sbatch option that is supported; any other is refused by name.
import { z } from 'zod'
import { Constraint, JobId, Licenses, SlurmName, Timestamp } from './names.ts'

export const Resources = z
  .strictObject({
    partition: SlurmName,
    gpus: z.int().min(0).max(64).default(0),
    gpuType: SlurmName.nullable().default(null),
    cpus: z.int().min(1).max(1024).default(1),
    memoryMiB: z.int().min(64).max(16_777_216).default(2048),
    /**
     * The whole training's time. Where the partition allows less at a time, it takes several submissions, each going on from
     * the last checkpoint. Slurm counts limits in minutes; a year is the widest that any site would mean.
     */
    timeLimitMinutes: z.int().min(1).max(527_040).default(60),
    nodes: z.int().min(1).max(1024).default(1),
    account: SlurmName.nullable().default(null),
    qos: SlurmName.nullable().default(null),
    constraint: Constraint.nullable().default(null),
    reservation: SlurmName.nullable().default(null),
    excludeNodes: z.array(SlurmName).max(256).default([]),
    licenses: Licenses.nullable().default(null),
    hold: z.boolean().default(false),
    beginAt: Timestamp.nullable().default(null),
    afterJobs: z.array(JobId).max(64).default([]),
    requeue: z.boolean().default(true),
  })
  .meta({ id: 'Resources' })
export type Resources = z.infer<typeof Resources>
