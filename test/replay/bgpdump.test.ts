/** Every announcement, withdrawal, RIB entry and state change of the MRT files, as bgpdump 1.6.2 -m prints it. */
import { describe, expect, test } from 'vitest'
import { formatAddress, formatIpv4, formatPrefix } from '../../src/prefix/text.ts'
import { readCapture } from '../../src/replay/capture.ts'
import type { CaptureItem, CaptureSession } from '../../src/replay/items.ts'
import { ribUpdate } from '../../src/replay/rib-update.ts'
import { type AsPathSegment, mergeAs4Path } from '../../src/wire/as-path.ts'
import { findValue, type PathAttribute } from '../../src/wire/attribute-values.ts'
import { originName } from '../../src/wire/codes.ts'
import { DecodeError } from '../../src/wire/errors.ts'
import type { Route } from '../../src/wire/nlri.ts'
import { decodeUpdateValues, type UpdateSettings } from '../../src/wire/update-values.ts'
import { readVectorFile, sharedVectors } from '../support/vectors.ts'

/** bgpdump writes sets as {1,2} and confederation segments as (1 2) and [1,2]. */
function pathText(segments: readonly AsPathSegment[]): string {
  return segments
    .map(({ type, asns }) => {
      if (type === 1) return `{${asns.join(',')}}`
      return type === 2
        ? asns.join(' ')
        : type === 3
          ? `(${asns.join(' ')})`
          : `[${asns.join(',')}]`
    })
    .join(' ')
}

const wellKnown: Readonly<Record<number, string>> = {
  4294967041: 'no-export',
  4294967042: 'no-advertise',
  4294967043: 'local-AS',
}

/** The fields after the prefix, but for atomic aggregation, which bgpdump prints as AG or NAG. */
function attributeText(attributes: readonly PathAttribute[], route: Route): string {
  const asPath = findValue(attributes, 'asPath')?.segments ?? []
  const as4Path = findValue(attributes, 'as4Path')?.segments
  const reach = attributes
    .map(({ value }) => value)
    .find(
      (value) =>
        value.kind === 'mpReachNlri' && value.routes.some((r) => r.prefix === route.prefix),
    )
  const [global] = reach?.kind === 'mpReachNlri' ? reach.nextHops : []
  const nextHop = findValue(attributes, 'nextHop')?.address
  const aggregator = findValue(attributes, 'as4Aggregator') ?? findValue(attributes, 'aggregator')
  const communities = findValue(attributes, 'communities')?.communities ?? []
  return [
    pathText(as4Path ? mergeAs4Path(asPath, as4Path) : asPath),
    // What bgpdump prints for the collector's own routes, which BIRD dumps without any attribute.
    originName[findValue(attributes, 'origin')?.origin ?? 2],
    global ? formatAddress(global) : formatIpv4(nextHop ?? -1),
    findValue(attributes, 'localPref')?.metric ?? 0,
    findValue(attributes, 'multiExitDisc')?.metric ?? 0,
    communities.map((c) => wellKnown[c] ?? `${c >>> 16}:${c & 0xffff}`).join(' '),
    findValue(attributes, 'atomicAggregate') ? 'AG' : 'NAG',
    aggregator ? `${aggregator.asn} ${formatIpv4(aggregator.address)}` : '',
    '',
  ].join('|')
}

function updateLines(
  view: DataView,
  start: number,
  end: number,
  settings: UpdateSettings,
  head: (verb: 'A' | 'W') => string,
): string[] {
  const update = decodeUpdateValues(view, start, end, settings)
  const values = update.attributes.map(({ value }) => value)
  const withdrawn = [
    ...update.withdrawn,
    ...values.flatMap((value) => (value.kind === 'mpUnreachNlri' ? value.routes : [])),
  ]
  const announced = [
    ...update.nlri,
    ...values.flatMap((value) => (value.kind === 'mpReachNlri' ? value.routes : [])),
  ]
  const paths = settings.addPathIpv4 || settings.addPathIpv6
  const name = ({ prefix, pathId }: Route) => formatPrefix(prefix) + (paths ? `|${pathId}` : '')
  return [
    ...withdrawn.map((route) => `${head('W')}|${name(route)}`),
    ...announced.map(
      (route) => `${head('A')}|${name(route)}|${attributeText(update.attributes, route)}`,
    ),
  ]
}

function linesOf(item: CaptureItem): string[] {
  const seconds = Math.floor(item.time / 1000)
  const peer = (session: CaptureSession) => `${session.source.address}|${session.source.asn}`
  if (item.kind === 'state') {
    return [`BGP4MP|${seconds}|STATE|${peer(item.session)}|${item.from}|${item.to}`]
  }
  if (item.kind === 'rib') {
    const update = ribUpdate(item)
    if (update === undefined) return [`no UPDATE for ${formatPrefix(item.prefix)}`]
    const paths = item.pathId !== null
    const settings = { as4: true, addPathIpv4: paths, addPathIpv6: paths, maxMessageLength: 65535 }
    const view = new DataView(update.buffer)
    const type = paths ? 'TABLE_DUMP2_AP' : 'TABLE_DUMP2'
    return updateLines(
      view,
      0,
      update.length,
      settings,
      () => `${type}|${seconds}|B|${peer(item.session)}`,
    )
  }
  if (item.kind !== 'message' || item.type !== 2) return []
  const { settings } = item.session
  const type = settings.addPathIpv4 ? 'BGP4MP_AP' : 'BGP4MP'
  try {
    return updateLines(
      item.view,
      item.start,
      item.end,
      settings,
      (verb) => `${type}|${seconds}|${verb}|${peer(item.session)}`,
    )
  } catch (error) {
    if (error instanceof DecodeError) return [`malformed: ${error.message}`]
    throw error
  }
}

function count(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

/** Lines that are in `a` and not, or not as often, in `b`. */
function missing(a: readonly string[], b: readonly string[]): string[] {
  const left = count(b)
  return a.filter((line) => {
    const n = left.get(line) ?? 0
    left.set(line, n - 1)
    return n <= 0
  })
}

/** Where bgpdump and this reader rightly differ. */
const differences: Readonly<Record<string, { more: string[]; less: string[] }>> = {
  // The NLRI field ends inside a prefix: RFC 7606 §5.3 makes the whole message unusable, bgpdump
  // prints what stands before.
  'bgpdump__updates.nlri_mask_trailing_bits.gz': {
    more: ['malformed: NLRI: 2 octets wanted, 0 left'],
    less: [
      'BGP4MP|1289168632|A|12.0.1.63|7018|11.13.0.0/13|7018 3549 12389 48275 51044|IGP|12.0.1.63|0|0|6923:3339|NAG||',
    ],
  },
}

const files = [
  'bgpdump__bview.ipv4_unicast_add_path.gz',
  'bgpdump__updates.20071015.1505.gz',
  'bgpdump__updates.20160811.1600.gz',
  'bgpdump__updates.long_withdrawal.gz',
  'bgpdump__updates.nlri_mask_trailing_bits.gz',
  'bgpkit__updates.20100227.1600.first-796-records.gz',
  'libbgpstream__ris.rrc06.updates.1427846400.gz',
  'mrtparse__bird-mrtdump_bgp',
  'mrtparse__bird-mrtdump_rib',
  'mrtparse__openbgpd_bgp',
  'mrtparse__openbgpd_rib_table-v2',
]

describe.runIf(sharedVectors)('MRT files, line by line as bgpdump prints them', () => {
  test.for(files)('%s', async (file) => {
    const lines: string[] = []
    const report = await readCapture(`${sharedVectors}/mrt/${file}`, (item) => {
      lines.push(...linesOf(item))
    })
    const text = new TextDecoder().decode(readVectorFile(`expect/${file}.bgpdump-m.txt.gz`))
    const expected = text.split('\n').filter((line) => line !== '')
    expect(report.damage).toBeNull()
    expect({ more: missing(lines, expected), less: missing(expected, lines) }).toEqual(
      differences[file] ?? { more: [], less: [] },
    )
  })
})
