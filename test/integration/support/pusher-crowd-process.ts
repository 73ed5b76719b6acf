/** A crowd in a process of its own, which can be killed: node pusher-crowd-process.ts PLACE. Its steps come as messages. */

import { Crowd, type CrowdPlace, type CrowdStep } from './pusher-crowd.js'

const place = JSON.parse(process.argv[2] ?? '') as CrowdPlace
const crowd = new Crowd(place, (error) => process.send?.({ error: error.message }))
process.on('message', (step: CrowdStep) => crowd.step(step))
process.send?.('ready')
