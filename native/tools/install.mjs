// @ts-check
// Puts the addon in its place: by `npm install` in a source checkout (prepare), which compiles whenever the C++ changed, and by
// `broker build` in an installed package, which keeps an addon that loads and compiles otherwise, or with --force. Nothing runs when the
// package is installed. Elsewhere than on Linux nothing is built: the engine refuses.

import { compile, isCheckout, isUpToDate, loadsSomewhere } from './addon-build.mjs'

const forced = process.argv.includes('--force') || process.env['npm_config_build_from_source'] === 'true'

function ready() {
  return isCheckout ? isUpToDate() : !forced && loadsSomewhere()
}

if (process.platform !== 'linux') {
  console.log(`@tutti/broker: the engine needs Linux, nothing to build on ${process.platform}`)
} else if (ready()) {
  if (!isCheckout) console.log('@tutti/broker: there is an addon that loads (--force compiles all the same)')
} else if (!compile()) {
  console.error('@tutti/broker: compiling the addon failed. It needs g++ 12 or later, make and python3')
  console.error(`  fix on Debian or Ubuntu: apt-get install g++ make python3, then ${isCheckout ? 'npm install' : 'npx @tutti/broker build'}`)
  process.exitCode = 1
}
