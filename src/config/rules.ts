/**
 * Rules between entries. They look at what each entry says even when another key of it is wrong, so that
 * all mistakes show at once.
 */
import { formatPath, type Path } from '../fields/issues.ts'
import { quoted } from '../fields/quoted.ts'
import { isTenant } from '../peering/kind.ts'
import { type FamilyName, familyName } from '../prefix/prefix.ts'
import { formatPrefix, parseAddress } from '../prefix/text.ts'
import type { Endpoint } from './config.ts'
import type { Report } from './report.ts'
import {
  type ConfigFrame,
  configSchema,
  type PrefixEntry,
  type SessionEntry,
  type TokenEntry,
} from './schema.ts'
import type { WebhookEntry } from './webhook-schema.ts'

type Listen = ConfigFrame['listen']

/** An entry of a list. */
export interface Entry<T> {
  readonly path: Path
  readonly raw: unknown
  /** undefined: it has a mistake. */
  readonly read: T | undefined
  /** Those of its keys that have none. */
  readonly known: Partial<T>
}

function field(raw: unknown, key: string): unknown {
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, key)) return undefined
  return (raw as Record<string, unknown>)[key]
}

function nameOf(entry: Entry<object>): string | undefined {
  const name = field(entry.raw, 'name')
  return typeof name === 'string' ? name : undefined
}

/** How a message points to another entry: `sessions[0] "edge-a" (line 5)`. */
export function reference(entry: Entry<object>, report: Report): string {
  const name = nameOf(entry)
  const named = name === undefined ? '' : ` ${quoted(name)}`
  return `${formatPath(entry.path)}${named} (line ${report.line(entry.path)})`
}

function familyOfAddress(address: string): FamilyName {
  return familyName(parseAddress(address).family)
}

/** @param keyOf the value that must be unique; undefined: not judged */
function checkUnique<T extends object>(
  entries: readonly Entry<T>[],
  keyOf: (entry: Entry<T>) => string | undefined,
  complain: (entry: Entry<T>, earlier: Entry<T>, key: string) => void,
): void {
  const first = new Map<string, Entry<T>>()
  for (const entry of entries) {
    const key = keyOf(entry)
    if (key === undefined) continue
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, entry)
    else complain(entry, earlier, key)
  }
}

/** Says which names stand twice in a list. */
export function checkNames(entries: readonly Entry<object>[], report: Report): void {
  checkUnique(entries, nameOf, (entry, earlier, name) => {
    const text = `the name ${quoted(name)} is taken by ${reference(earlier, report)}, expected a name of its own`
    report.add([...entry.path, 'name'], text)
  })
}

/** A list in which a value stands twice. */
function checkRepeated(raw: unknown, path: Path, report: Report): void {
  if (!Array.isArray(raw)) return
  const seen = new Set<unknown>()
  raw.forEach((value: unknown, index) => {
    if (typeof value === 'object') return
    if (seen.has(value)) report.add([...path, index], `found ${value} twice, expected it once`)
    seen.add(value)
  })
}

/** The kernel keeps one password for each address of a peer. */
function checkPasswords(sessions: readonly Entry<SessionEntry>[], report: Report): void {
  const first = new Map<string, Entry<SessionEntry>>()
  for (const entry of sessions) {
    const { address } = entry.known
    if (address === undefined) continue
    const earlier = first.get(address)
    if (earlier === undefined) {
      first.set(address, entry)
    } else if (earlier.known.password !== entry.known.password) {
      const text = `${reference(earlier, report)} has the same address and another password, expected the same one`
      report.add([...entry.path, 'address'], text)
    }
  }
}

function checkSessions(
  sessions: readonly Entry<SessionEntry>[],
  ourAsn: number | undefined,
  report: Report,
): void {
  checkNames(sessions, report)
  checkUnique(
    sessions,
    ({ known: { address, port, asn } }) =>
      address && port && asn ? `${address} ${port} ${asn}` : undefined,
    (entry, earlier) => {
      const other = reference(earlier, report)
      const text = `cannot be told apart from ${other}, expected another address, port or AS number`
      report.add([...entry.path, 'address'], text)
    },
  )
  checkPasswords(sessions, report)
  for (const { path, raw, known } of sessions) {
    checkRepeated(field(raw, 'families'), [...path, 'families'], report)
    checkProtocol(path, known, known.localAsn ?? ourAsn, report)
    if (known.address === undefined || known.localAddress === undefined) continue
    const wanted = familyOfAddress(known.address)
    const found = familyOfAddress(known.localAddress)
    if (wanted === found) continue
    const text = `found an ${found} address, expected ${wanted} as the peer's address is`
    report.add([...path, 'localAddress'], text)
  }
}

/** Keys that would do nothing beside others of their entry. */
function checkProtocol(
  path: Path,
  known: Partial<SessionEntry>,
  ourAsn: number | undefined,
  report: Report,
): void {
  if (known.extendedNextHop === true && known.families?.includes('ipv4') === false) {
    const text = 'is about IPv4 routes, expected ipv4 in families, or no extendedNextHop'
    report.add([...path, 'extendedNextHop'], text)
  }
  if (known.roleStrict === true && known.role === undefined) {
    report.add([...path, 'roleStrict'], 'asks for a role of the peer, expected role beside it')
  }
  if (known.role !== undefined && known.asn !== undefined && known.asn === ourAsn) {
    const text = `roles are for peers in another AS (RFC 9234), expected no role towards AS ${ourAsn}, which is our own`
    report.add([...path, 'role'], text)
  }
}

/** Two sockets cannot have one address and port. */
function checkEndpoints(listen: Listen, report: Report): void {
  const taken = new Map<string, string>()
  const check = (path: Path, { address, port }: Endpoint) => {
    if (port === 0) return
    const key = `${address} port ${port}`
    const earlier = taken.get(key)
    if (earlier === undefined) taken.set(key, formatPath(path))
    else report.add(path, `${key} is taken by ${earlier}, expected another address or port`)
  }
  listen.bgp.forEach((endpoint, i) => {
    check(['listen', 'bgp', i], endpoint)
  })
  check(['listen', 'http'], listen.http)
}

/** Who else stands in the audit log. */
const reservedNames = ['anonymous', 'config', 'daemon']

/** How a token is called: by its name, or where it is text alone by its place, such as `token-1`. */
export function tokenName(entry: TokenEntry, index: number): string {
  return typeof entry === 'string' ? `token-${index + 1}` : entry.name
}

function checkToken(entry: TokenEntry, path: Path, report: Report): void {
  if (typeof entry === 'string') return
  const { name, role, owner, token, tokenFile } = entry
  if (reservedNames.includes(name)) {
    report.add(
      [...path, 'name'],
      `the name ${quoted(name)} is taken by bgpwarden, expected another`,
    )
  }
  if (token !== undefined && tokenFile !== undefined) {
    report.add([...path, 'tokenFile'], 'found token and tokenFile, expected one of them')
  }
  if (token === undefined && tokenFile === undefined) {
    report.add(path, 'has neither token nor tokenFile, expected one of them')
  }
  if (isTenant(role) && owner === undefined) {
    report.add(path, `has no owner, expected one: a ${role} sees what belongs to an owner`)
  }
  if (!isTenant(role) && owner !== undefined) {
    report.add([...path, 'owner'], `found an owner, expected none: the role ${role} has no limits`)
  }
}

/** Tokens are told apart by their names; the same token twice would belong to nobody. */
function checkTokens(tokens: readonly TokenEntry[], report: Report): void {
  const names = new Map<string, number>()
  const secrets = new Map<string, number>()
  tokens.forEach((entry, i) => {
    const path = ['listen', 'http', 'tokens', i]
    checkToken(entry, path, report)
    const name = tokenName(entry, i)
    const secret = typeof entry === 'string' ? entry : entry.token
    const sameName = names.get(name)
    const sameSecret = secret === undefined ? undefined : secrets.get(secret)
    if (sameName !== undefined) {
      const text = `the name ${quoted(name)} is that of listen.http.tokens[${sameName}], expected a name of its own`
      report.add(typeof entry === 'string' ? path : [...path, 'name'], text)
    }
    if (sameSecret !== undefined) {
      report.add(path, `the token is that of listen.http.tokens[${sameSecret}], expected another`)
    }
    names.set(name, sameName ?? i)
    if (secret !== undefined) secrets.set(secret, sameSecret ?? i)
  })
}

/** Webhooks are told apart by their names; a key stands in one place. */
function checkWebhooks(webhooks: readonly WebhookEntry[], report: Report): void {
  const names = new Map<string, number>()
  webhooks.forEach(({ name, secret, secretFile }, i) => {
    const same = names.get(name)
    if (same !== undefined) {
      const text = `the name ${quoted(name)} is that of webhooks[${same}], expected a name of its own`
      report.add(['webhooks', i, 'name'], text)
    }
    if (secret !== undefined && secretFile !== undefined) {
      const text = 'found secret and secretFile, expected one of them'
      report.add(['webhooks', i, 'secretFile'], text)
    }
    names.set(name, same ?? i)
  })
}

/** @returns the families of the peers that can connect to these addresses */
export function acceptedFamilies(bgp: readonly Endpoint[]): ReadonlySet<FamilyName> {
  const accepted = new Set(bgp.map(({ address }) => familyOfAddress(address)))
  // A socket on :: accepts IPv4 too.
  if (bgp.some(({ address }) => address === '::')) accepted.add('ipv4')
  return accepted
}

/** A passive session that no endpoint can accept would never come up. */
function checkPassive(
  listen: Listen,
  sessions: readonly Entry<SessionEntry>[],
  report: Report,
): void {
  const accepted = acceptedFamilies(listen.bgp)
  for (const { path, known } of sessions) {
    if (known.passive !== true || known.address === undefined) continue
    const family = familyOfAddress(known.address)
    if (accepted.has(family)) continue
    const text = `listen.bgp has no ${family} address on which this peer could connect, expected one, or passive: false`
    report.add([...path, 'passive'], text)
  }
}

/** Families of each session by its name; undefined where they are not known for a mistake. */
type FamiliesByName = ReadonlyMap<string, readonly FamilyName[] | undefined>

function checkPrefixSessions(
  entry: Entry<PrefixEntry>,
  families: FamiliesByName,
  report: Report,
): void {
  const names = field(entry.raw, 'sessions')
  if (!Array.isArray(names)) return
  checkRepeated(names, [...entry.path, 'sessions'], report)
  names.forEach((name: unknown, index) => {
    if (typeof name !== 'string') return
    const path = [...entry.path, 'sessions', index]
    if (!families.has(name)) {
      const meant = report.guess(name, families.keys()) || ', expected the name of a session'
      report.add(path, `there is no session ${quoted(name)}${meant}`)
      return
    }
    const carried = families.get(name)
    const prefix = entry.known.prefix
    if (prefix === undefined || carried === undefined) return
    const family = familyName(prefix.family)
    if (carried.includes(family)) return
    const text = `session "${name}" does not carry ${family}, expected one that does, or ${family} in its families`
    report.add(path, text)
  })
}

function checkPrefixes(
  prefixes: readonly Entry<PrefixEntry>[],
  sessions: readonly Entry<SessionEntry>[],
  report: Report,
): void {
  checkNames(prefixes, report)
  checkUnique(
    prefixes,
    // Registered by two owners it is no mistake of the file: the verdict says overlapping-prefix.
    ({ known: { prefix, owner } }) => prefix && owner && `${formatPrefix(prefix)} for ${owner}`,
    (entry, earlier, prefix) => {
      const other = reference(earlier, report)
      report.add([...entry.path, 'prefix'], `${prefix} is registered by ${other}, expected it once`)
    },
  )
  const families = new Map<string, readonly FamilyName[] | undefined>()
  for (const session of sessions) {
    const name = nameOf(session)
    if (name !== undefined && !families.has(name)) families.set(name, session.known.families)
  }
  for (const entry of prefixes) {
    checkRepeated(field(entry.raw, 'originAsns'), [...entry.path, 'originAsns'], report)
    checkPolicy(field(entry.raw, 'policy'), [...entry.path, 'policy'], report)
    checkPrefixSessions(entry, families, report)
  }
}

function checkPolicy(raw: unknown, path: Path, report: Report): void {
  checkRepeated(field(raw, 'requiredCommunities'), [...path, 'requiredCommunities'], report)
}

/**
 * Applies the rules between entries.
 * @param root the document's value
 */
export function checkRules(
  root: unknown,
  sessions: readonly Entry<SessionEntry>[],
  prefixes: readonly Entry<PrefixEntry>[],
  report: Report,
): void {
  const listen = configSchema.shape.listen.safeParse(field(root, 'listen'))
  if (listen.success) {
    checkEndpoints(listen.data, report)
    checkTokens(listen.data.http.tokens, report)
    checkPassive(listen.data, sessions, report)
  }
  const webhooks = configSchema.shape.webhooks.safeParse(field(root, 'webhooks'))
  if (webhooks.success) checkWebhooks(webhooks.data, report)
  checkPolicy(field(root, 'policy'), ['policy'], report)
  const local = configSchema.shape.local.safeParse(field(root, 'local'))
  checkSessions(sessions, local.data?.asn, report)
  checkPrefixes(prefixes, sessions, report)
}
