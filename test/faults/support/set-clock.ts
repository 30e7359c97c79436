/**
 * Loaded into the daemon's process before it (`node --import`): SIGUSR2 sets its wall clock by the
 * milliseconds in the file FAULTS_CLOCK. Its monotonic clock goes on, as on a machine whose clock is set.
 */
import { readFileSync } from 'node:fs'

const now = Date.now
let offset = 0

Date.now = () => now() + offset
process.on('SIGUSR2', () => {
  offset = Number(readFileSync(process.env['FAULTS_CLOCK'] ?? '', 'utf8'))
})
