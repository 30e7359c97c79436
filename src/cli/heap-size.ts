/** How large V8's heap gets: the routes lie outside it, and need none of it. */
import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the part where objects are young as small as it is. V8 lets it grow while modules are loaded and the
 * configuration is read, to 32 MB on Node 20 and to 128 MB on Node 24, and it stays so.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
