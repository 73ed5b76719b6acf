/** A control group (version 1) of its own for a process, where this machine lets the test make one. */

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'

interface Test {
  teardown(task: () => unknown): void
}

export interface ControlGroup {
  /** A command that executes the command behind it in the group. */
  readonly through: readonly string[]
  read(file: string): string
}

let made = 0

/** Files and what to write into them, by controller. Null where it cannot be made: no version 1, or not root. */
export function makeControlGroup(t: Test, settings: Readonly<Record<string, Readonly<Record<string, string>>>>): ControlGroup | null {
  made += 1
  const folders = Object.keys(settings).map((controller) => `/sys/fs/cgroup/${controller}/broker-test-${process.pid}-${made}`)
  try {
    for (const [at, files] of Object.values(settings).entries()) {
      const folder = folders[at] ?? ''
      mkdirSync(folder)
      t.teardown(() => rmdirSync(folder)) // after its process has ended: teardowns run backwards
      for (const [file, text] of Object.entries(files)) writeFileSync(`${folder}/${file}`, text)
      if (!existsSync(`${folder}/cgroup.procs`)) return null
    }
  } catch {
    return null
  }
  const enter = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join(' && ')
  return {
    through: ['sh', '-c', `${enter} && exec "$@"`, 'sh'],
    read: (file) => readFileSync(folders.map((folder) => `${folder}/${file}`).find((path) => existsSync(path)) ?? file, 'utf8'),
  }
}
