/** The part of V8's heap where objects are young. */
import { setFlagsFromString } from 'node:v8'

/**
 * Keeps it as small as it is. V8 lets it grow while modules are loaded and the configuration is read, to
 * 32 MB on Node 20 and to 128 MB on Node 24, and it stays so; the daemon's routes lie outside the heap and
 * need none of it.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
