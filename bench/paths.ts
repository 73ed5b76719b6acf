/** Where things are. */

import { join } from 'node:path'
import { packageRoot } from '../src/package-info.js'

export const root = packageRoot
export const benchFolder = join(root, 'bench')
export const binFolder = join(root, 'build/bench')
export const resultsFolder = join(benchFolder, 'results')
export const historyFile = join(benchFolder, 'history/results.ndjson')
