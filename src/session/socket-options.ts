/** The socket options behind TCP MD5 (RFC 2385) and TTL security (RFC 5082), on Linux. */
import { readSyn, type Syn } from './syn.ts'
import { OptionLevel, SystemCallError, type SystemCalls } from './system-calls.ts'
import { type KeyOwner, packTcpMd5Sig } from './tcp-md5.ts'

export type SocketFamily = 'ipv4' | 'ipv6'

/** Numbers of <linux/in.h>, <linux/in6.h> and <linux/tcp.h>. */
const Option = {
  ipTtl: 2,
  ipMinTtl: 21,
  ipv6UnicastHops: 16,
  ipv6MinHopCount: 73,
  tcpMd5Sig: 14,
  tcpMd5SigExt: 32,
  tcpSaveSyn: 27,
  tcpSavedSyn: 28,
} as const

/** RFC 5082 §3: what every packet is sent with. */
const MAX_TTL = 255
/** The longest IPv4 and TCP headers take 120 octets; some IPv6 extension headers fit too. */
const SAVED_SYN_OCTETS = 512

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}

/** @returns the least TTL with which a packet may arrive from so many hops away (RFC 5082 §3) */
export function leastTtl(hops: number): number {
  return MAX_TTL + 1 - hops
}

/**
 * Gives a socket the key of a peer, or of a range of peers; an empty password takes it away.
 * @throws SystemCallError
 */
export function setPassword(
  calls: SystemCalls,
  descriptor: number,
  owner: KeyOwner,
  password: string,
  family: SocketFamily,
): void {
  const option = owner.prefixLength === undefined ? Option.tcpMd5Sig : Option.tcpMd5SigExt
  calls.setOption(descriptor, OptionLevel.tcp, option, packTcpMd5Sig(owner, password, family))
}

/** Sends every packet with TTL 255. @throws SystemCallError */
export function sendAtMaxTtl(calls: SystemCalls, descriptor: number, family: SocketFamily): void {
  if (family === 'ipv4') calls.setOption(descriptor, OptionLevel.ip, Option.ipTtl, int(MAX_TTL))
  else calls.setOption(descriptor, OptionLevel.ipv6, Option.ipv6UnicastHops, int(MAX_TTL))
}

/** Also drops what arrives from more hops away. @throws SystemCallError */
export function limitTtl(
  calls: SystemCalls,
  descriptor: number,
  family: SocketFamily,
  hops: number,
): void {
  sendAtMaxTtl(calls, descriptor, family)
  const least = int(leastTtl(hops))
  if (family === 'ipv4') calls.setOption(descriptor, OptionLevel.ip, Option.ipMinTtl, least)
  else calls.setOption(descriptor, OptionLevel.ipv6, Option.ipv6MinHopCount, least)
}

/** Makes a listening socket keep the SYN of each connection. @throws SystemCallError */
export function saveSyns(calls: SystemCalls, descriptor: number): void {
  calls.setOption(descriptor, OptionLevel.tcp, Option.tcpSaveSyn, int(1))
}

/**
 * Reads the SYN of an accepted connection, which the kernel then forgets.
 * @returns undefined when it was not kept, as with SYN cookies under a flood
 */
export function takeSavedSyn(calls: SystemCalls, descriptor: number): Syn | undefined {
  try {
    const octets = SAVED_SYN_OCTETS
    return readSyn(calls.getOption(descriptor, OptionLevel.tcp, Option.tcpSavedSyn, octets))
  } catch (error) {
    if (error instanceof SystemCallError) return undefined
    throw error
  }
}
