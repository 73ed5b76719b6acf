/** Where things are, seen from dist/bench. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const benchFolder = join(root, 'bench')
export const binFolder = join(root, 'build/bench')
export const resultsFolder = join(benchFolder, 'results')
export const historyFile = join(benchFolder, 'history/results.ndjson')
