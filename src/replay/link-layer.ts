/** Where the IP packet begins in a captured frame, by link type (the LINKTYPE_ registry of libpcap). */

/** Link types that are understood, by number. */
export const linkTypeNames: Readonly<Record<number, string>> = {
  0: 'BSD loopback',
  1: 'Ethernet',
  9: 'PPP',
  12: 'raw IP',
  14: 'raw IP',
  50: 'PPP in HDLC framing',
  51: 'PPPoE',
  101: 'raw IP',
  104: 'Cisco HDLC',
  108: 'OpenBSD loopback',
  113: 'Linux cooked',
  178: 'Juniper Ethernet',
  228: 'raw IPv4',
  229: 'raw IPv6',
  276: 'Linux cooked v2',
}

const NOT_IP = -1

/** Whether `octets` octets from `at` were captured. */
function has(at: number, octets: number, end: number): boolean {
  return at + octets <= end
}

/** The version field says whether this can be IP at all. */
function checkedIp(view: DataView, at: number, end: number): number {
  if (!has(at, 1, end)) return NOT_IP
  const version = view.getUint8(at) >>> 4
  return version === 4 || version === 6 ? at : NOT_IP
}

/** RFC 3032 §2.1: past the label stack. */
function afterLabels(view: DataView, start: number, end: number): number {
  for (let at = start; has(at, 4, end); at += 4) {
    if (view.getUint8(at + 2) & 1) return checkedIp(view, at + 4, end)
  }
  return NOT_IP
}

/** RFC 1661 §2, RFC 1662 §3.1: address and control octets may be there or not, the protocol may be one octet. */
function afterPpp(view: DataView, start: number, end: number): number {
  let at = start
  if (!has(at, 2, end)) return NOT_IP
  const head = view.getUint16(at)
  if (head === 0x0f00 || head === 0x8f00) return afterCiscoHdlc(view, at, end)
  if (head === 0xff03) at += 2
  if (!has(at, 2, end)) return NOT_IP
  const short = (view.getUint8(at) & 1) === 1
  const protocol = short ? view.getUint8(at) : view.getUint16(at)
  at += short ? 1 : 2
  if (protocol === 0x0021 || protocol === 0x0057) return checkedIp(view, at, end)
  return protocol === 0x0281 || protocol === 0x0283 ? afterLabels(view, at, end) : NOT_IP
}

/** RFC 1547 §4.3.1: address, control, then an EtherType. */
function afterCiscoHdlc(view: DataView, at: number, end: number): number {
  return has(at, 4, end) ? afterEtherType(view, at + 2, end) : NOT_IP
}

/** `at` is where an EtherType stands. VLAN tags may be nested (IEEE 802.1ad). */
function afterEtherType(view: DataView, start: number, end: number): number {
  for (let at = start; has(at, 2, end); ) {
    const etherType = view.getUint16(at)
    at += 2
    switch (etherType) {
      case 0x0800:
      case 0x86dd:
        return checkedIp(view, at, end)
      case 0x8100:
      case 0x88a8:
      case 0x9100:
      case 0x9200:
        at += 2
        break
      case 0x8847:
      case 0x8848:
        return afterLabels(view, at, end)
      case 0x8864:
        return afterPpp(view, at + 6, end)
      default: {
        // IEEE 802.2 with SNAP: a length stands where the EtherType would.
        const snap =
          etherType <= 1500 &&
          has(at, 8, end) &&
          view.getUint16(at) === 0xaaaa &&
          view.getUint32(at + 2) === 0x03000000
        if (!snap) return NOT_IP
        at += 6
      }
    }
  }
  return NOT_IP
}

/** Header of Juniper's captures: a magic number, flags, and extensions if the flags say so. */
function afterJuniper(view: DataView, start: number, end: number): number {
  if (!has(start, 4, end) || view.getUint32(start) >>> 8 !== 0x4d4743) return NOT_IP
  const flags = view.getUint8(start + 3)
  let at = start + 4
  if (flags & 0x80) {
    if (!has(at, 2, end)) return NOT_IP
    at += 2 + view.getUint16(at)
  }
  // Without a layer 2 header, four octets name the protocol.
  return flags & 0x02 ? checkedIp(view, at + 4, end) : afterEtherType(view, at + 12, end)
}

/**
 * Finds the IP packet in a frame.
 * @param linkType one of `linkTypeNames`
 * @param start of the frame in `view`
 * @param end what was captured of it, exclusive
 * @returns where the IP header begins, -1 when the frame carries no IP
 */
export function findIp(linkType: number, view: DataView, start: number, end: number): number {
  switch (linkType) {
    case 1:
      return afterEtherType(view, start + 12, end)
    case 0:
    case 108:
      return checkedIp(view, start + 4, end)
    case 9:
    case 50:
      return afterPpp(view, start, end)
    case 51:
      return afterPpp(view, start + 6, end)
    case 104:
      return afterCiscoHdlc(view, start, end)
    case 113:
      return afterEtherType(view, start + 14, end)
    case 276: {
      if (!has(start, 20, end)) return NOT_IP
      const etherType = view.getUint16(start)
      if (etherType === 0x8847) return afterLabels(view, start + 20, end)
      return etherType === 0x0800 || etherType === 0x86dd
        ? checkedIp(view, start + 20, end)
        : NOT_IP
    }
    case 178:
      return afterJuniper(view, start, end)
    default:
      return checkedIp(view, start, end)
  }
}
