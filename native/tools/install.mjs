// @ts-check
// Runs at `npm install`. An installed package keeps a prebuilt addon that loads and compiles otherwise; a source checkout
// compiles whenever the C++ changed. Elsewhere than on Linux nothing is built: the package installs, the engine refuses.

import { compile, isCheckout, isUpToDate, loadsSomewhere } from './addon-build.mjs'

const forced = process.env['npm_config_build_from_source'] === 'true'

function ready() {
  return isCheckout ? isUpToDate() : !forced && loadsSomewhere()
}

if (process.platform !== 'linux') {
  console.log(`@tutti/broker: the engine needs Linux, nothing to build on ${process.platform}`)
} else if (!ready() && !compile()) {
  console.error('@tutti/broker: compiling the addon failed. It needs a C++20 compiler, make and python3')
  console.error('  fix on Debian or Ubuntu: apt-get install g++ make python3, then npm rebuild @tutti/broker')
  process.exitCode = 1
}
