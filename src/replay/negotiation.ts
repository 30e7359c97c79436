/** What a direction of a session negotiated, learnt from the OPENs or guessed from UPDATEs. */
import { decodeCapabilities } from '../wire/capabilities.ts'
import { OverrunError } from '../wire/cursor.ts'
import { DecodeError, ProtocolError } from '../wire/errors.ts'
import type { Capabilities } from '../wire/messages.ts'
import { decodeOpen } from '../wire/open.ts'
import { decodeUpdateValues } from '../wire/update-values.ts'
import { assumedSettings, type CaptureSession } from './items.ts'

/** What one OPEN says. */
export interface OpenFacts {
  readonly asn: number
  readonly capabilities: Capabilities
}

/** @returns undefined for an OPEN that cannot be read */
export function readOpenFacts(view: DataView, start: number, end: number): OpenFacts | undefined {
  try {
    const open = decodeOpen(view, start, end)
    const capabilities = decodeCapabilities(open.capabilities)
    return { asn: capabilities.fourOctetAs ?? open.myAs, capabilities }
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof OverrunError) return undefined
    throw error
  }
}

/** RFC 7911 §4: the sender may send, and the receiver will receive, path identifiers of the family. */
function sendsPaths(sender: Capabilities, receiver: Capabilities, afi: number): boolean {
  const allows = (side: Capabilities, bit: number) =>
    side.addPath.some((e) => e.afi === afi && e.safi === 1 && (e.sendReceive & bit) !== 0)
  return allows(sender, 2) && allows(receiver, 1)
}

/** RFC 8950 §4: both sides announced IPv6 next hops for IPv4 unicast. */
function announcesIpv6NextHop(side: Capabilities): boolean {
  return side.extendedNextHop.some((e) => e.afi === 1 && e.safi === 1 && e.nextHopAfi === 2)
}

/**
 * Sets what a direction negotiated, as far as the OPENs say it.
 * @param sender OPEN of the direction's source, if it was seen
 * @param receiver OPEN of its destination, if it was seen
 */
export function learnFromOpens(
  session: CaptureSession,
  sender: OpenFacts | undefined,
  receiver: OpenFacts | undefined,
): void {
  if (sender) session.source.asn = sender.asn
  if (receiver) session.destination.asn = receiver.asn
  const without = [sender, receiver].some(
    (facts) => facts !== undefined && facts.capabilities.fourOctetAs === undefined,
  )
  if (sender === undefined || receiver === undefined) {
    // One side without the capability is enough to know; with it, the other one still decides.
    session.as4From = without ? 'open' : 'assumed'
    session.settings = { ...assumedSettings, as4: !without }
    session.extendedMessages = [sender, receiver].every(
      (facts) => facts === undefined || facts.capabilities.extendedMessage,
    )
    return
  }
  const a = sender.capabilities
  const b = receiver.capabilities
  session.as4From = 'open'
  session.extendedMessages = a.extendedMessage && b.extendedMessage
  session.settings = {
    as4: !without,
    external: sender.asn !== receiver.asn,
    addPathIpv4: sendsPaths(a, b, 1),
    addPathIpv6: sendsPaths(a, b, 2),
    extendedNextHop: announcesIpv6NextHop(a) && announcesIpv6NextHop(b),
  }
}

/** Whether the UPDATE can be read to its end with AS numbers of that size. */
function fits(view: DataView, start: number, end: number, as4: boolean): boolean {
  try {
    decodeUpdateValues(view, start, end, { ...assumedSettings, as4 })
    return true
  } catch (error) {
    const malformed =
      error instanceof ProtocolError ||
      error instanceof DecodeError ||
      error instanceof OverrunError
    if (malformed) return false
    throw error
  }
}

/**
 * Finds out from an UPDATE alone whether AS numbers have four octets: AS_PATH and AGGREGATOR can
 * nearly always be read in one way only.
 * @returns undefined when the UPDATE fits both ways, or neither
 */
export function inferAs4(view: DataView, start: number, end: number): boolean | undefined {
  const four = fits(view, start, end, true)
  return four === fits(view, start, end, false) ? undefined : four
}
