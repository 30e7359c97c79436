/** Puts fragmented IP datagrams together (RFC 791 §3.2, RFC 8200 §4.5), in bounded memory. */

/** What an IP packet carries, at `start` to `end` of `view`. */
export interface IpPayload {
  /** Address text. */
  source: string
  destination: string
  view: DataView
  start: number
  end: number
  /** Octets after `end` that were not captured. */
  missing: number
}

export interface FragmentCounts {
  fragments: number
  /** Datagrams of which fragments were missing. */
  incompleteDatagrams: number
}

interface Datagram {
  readonly source: string
  readonly destination: string
  readonly octets: Uint8Array
  /** Octets that have come, as [start, end) ranges in order and apart. */
  readonly ranges: [number, number][]
  /** Known once the last fragment has come. */
  length: number | undefined
}

const MAX_DATAGRAMS = 64
const MAX_DATAGRAM = 65535
/** More pieces apart than any network makes of a datagram. */
const MAX_RANGES = 64

/** Adds [start, end) to ranges that are in order and apart; keeps them so. */
function addRange(ranges: [number, number][], start: number, end: number): void {
  const kept = ranges.filter(([a, b]) => b < start || a > end)
  const touched = ranges.filter(([a, b]) => b >= start && a <= end)
  kept.push([
    Math.min(start, ...touched.map(([a]) => a)),
    Math.max(end, ...touched.map(([, b]) => b)),
  ])
  kept.sort((a, b) => a[0] - b[0])
  ranges.splice(0, ranges.length, ...kept)
}

/**
 * @param whole gets each datagram's payload once it is complete; of one that never is, what came from
 *   its beginning on. Object and view are valid only during the call
 */
export function fragmentTable(counts: FragmentCounts, whole: (payload: IpPayload) => void) {
  const datagrams = new Map<string, Datagram>()

  function finish(datagram: Datagram, length: number): void {
    const [first] = datagram.ranges
    if (first === undefined || first[0] !== 0) return
    const { source, destination, octets } = datagram
    const [start, end] = first
    const missing = Math.max(0, length - end)
    whole({ source, destination, view: new DataView(octets.buffer), start, end, missing })
  }

  function abandon(key: string, datagram: Datagram): void {
    datagrams.delete(key)
    counts.incompleteDatagrams++
    finish(datagram, datagram.length ?? 0)
  }

  function begin(key: string, source: string, destination: string): Datagram {
    for (const [oldest, old] of datagrams) {
      if (datagrams.size < MAX_DATAGRAMS) break
      abandon(oldest, old)
    }
    const octets = new Uint8Array(MAX_DATAGRAM)
    const datagram: Datagram = { source, destination, octets, ranges: [], length: undefined }
    datagrams.set(key, datagram)
    return datagram
  }

  return {
    /**
     * One fragment.
     * @param id the datagram's identification
     * @param offset where the payload belongs in it, octets
     * @param more whether it is not the last
     * @returns false for one that cannot be
     */
    add(payload: IpPayload, id: number, offset: number, more: boolean): boolean {
      counts.fragments++
      const { source, destination, view, start, end, missing } = payload
      if (offset + end - start > MAX_DATAGRAM || end <= start) return false
      const key = `${source} ${destination} ${id}`
      const datagram = datagrams.get(key) ?? begin(key, source, destination)
      const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start)
      datagram.octets.set(octets, offset)
      addRange(datagram.ranges, offset, offset + octets.length)
      if (!more) datagram.length = offset + octets.length + missing
      const [first] = datagram.ranges
      if (datagram.length !== undefined && first?.[0] === 0 && first[1] >= datagram.length) {
        datagrams.delete(key)
        finish(datagram, datagram.length)
      } else if (datagram.ranges.length > MAX_RANGES) abandon(key, datagram)
      return true
    },
    /** No more will come. */
    flush(): void {
      for (const [key, datagram] of datagrams) abandon(key, datagram)
    },
  }
}
