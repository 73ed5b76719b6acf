/** The CPUs this process may use, by number. */

import { readFileSync } from 'node:fs'

/** `0-2,8` → 0, 1, 2, 8. */
export function parseCpuList(text: string): number[] {
  return text.trim().split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-')
    if (!/^\d+$/.test(first) || !/^\d+$/.test(last)) return []
    return Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, at) => Number(first) + at)
  })
}

/** None where the system does not say. */
export function allowedCpus(): number[] {
  try {
    return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '')
  } catch {
    return []
  }
}
