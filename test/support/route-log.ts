/** A RouteSink that writes down what it is told, as text. */
import { Family } from '../../src/prefix/prefix.ts'
import { formatPrefix } from '../../src/prefix/text.ts'
import type { AttributeWalk } from '../../src/wire/attribute-walk.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import type { RouteSink } from '../../src/wire/update.ts'
import { hexOf } from './vectors.ts'

export const externalSession: DecodeSettings = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: true,
}

export interface RouteLog extends RouteSink {
  readonly announced: string[]
  readonly withdrawn: string[]
  readonly malformedRoutes: string[]
  readonly ends: string[]
  /** Stored attribute octets of each `attributes` call, hex. */
  readonly stored: string[]
  readonly paths: { bits: number; length: number; originAs: number; firstAs: number }[]
}

export function createRouteLog(withPaths = false): RouteLog {
  const text = (prefix: Parameters<RouteSink['announce']>[0], pathId: number) =>
    withPaths ? `${formatPrefix(prefix)}#${pathId}` : formatPrefix(prefix)
  const log: RouteLog = {
    announced: [],
    withdrawn: [],
    malformedRoutes: [],
    ends: [],
    stored: [],
    paths: [],
    attributes(_family, walk: AttributeWalk, { view, start, end }) {
      log.stored.push(hexOf(new Uint8Array(view.buffer, view.byteOffset + start, end - start)))
      log.paths.push({ ...walk.path, originAs: walk.path.originAs >>> 0 })
    },
    announce: (prefix, pathId) => log.announced.push(text(prefix, pathId)),
    withdraw: (prefix, pathId) => log.withdrawn.push(text(prefix, pathId)),
    malformed: (prefix, pathId) => log.malformedRoutes.push(text(prefix, pathId)),
    endOfRib: (family) => log.ends.push(family === Family.ipv4 ? 'ipv4' : 'ipv6'),
  }
  return log
}
