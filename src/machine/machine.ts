/** What this process may use of the machine that it runs on, or of its container. */

import { availableParallelism, totalmem } from 'node:os'
import type { NativeAddon } from '../native/binding.js'
import { systemResolve, type Resolve } from './resolve.js'
import { allowedCpus } from './allowed-cpus.js'
import { cgroupLimits, type CgroupLimits } from './cgroups.js'

export interface Machine {
  /** The limit of open files, after raising it. */
  readonly openFilesMax: number
  /** How many CPUs this process may keep busy: those it may run on, or its quota of time where that is less. */
  readonly cores: number
  /** The numbers of those it may run on; none when they are not known. */
  readonly cpus: readonly number[]
  /** Of the machine, or of the control group where that is less. */
  readonly memoryBytes: number
  /** The limits of the control group, as they are. */
  readonly limits: CgroupLimits
  /** Whether the system lets this process use io_uring. Asking makes a ring, which some sandboxes answer by killing the process. */
  readonly uring: () => boolean
  readonly resolve: Resolve
}

/** A quota of one CPU and a half keeps two threads busy for a part of each period: rounded up. */
export function coresWithin(parallelism: number, quota: number | null): number {
  return Math.max(1, Math.min(parallelism, Math.ceil(quota ?? Infinity)))
}

export function thisMachine(addon: NativeAddon, limits = cgroupLimits()): Machine {
  return {
    openFilesMax: addon.raiseFileLimit(),
    cores: coresWithin(availableParallelism(), limits.cpus),
    cpus: allowedCpus(),
    memoryBytes: Math.min(totalmem(), limits.memoryBytes ?? Infinity),
    limits,
    uring: () => addon.uringAvailable(),
    resolve: systemResolve,
  }
}
