/** A configuration file to a Config, or to all of its mistakes at once. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import type { Policy, Registration } from '../engine/types.ts'
import { isTenant } from '../peering/kind.ts'
import { familyNames } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import type { DynamicRange } from '../session/dynamic.ts'
import type { SessionConfig } from '../session/types.ts'
import type { Config, TokenConfig, WebhookConfig } from './config.ts'
import { type ConfigDocument, readDocument } from './document.ts'
import { checkDynamic } from './dynamic-rules.ts'
import { parseApart } from './parse-apart.ts'
import { type ReadBeginning, readBeginning, resolvePasswords } from './password-file.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'
import { createReport, type Report } from './report.ts'
import { readRowsDocument } from './rows.ts'
import { checkRules, type Entry, tokenName } from './rules.ts'
import {
  type ConfigFrame,
  type DynamicEntry,
  frameSchema,
  type PrefixEntry,
  prefixSchema,
  type SessionEntry,
  sessionSchema,
  type TokenEntry,
} from './schema.ts'
import type { WebhookEntry } from './webhook-schema.ts'

/** Octets of a file; 100 000 prefixes take about 9 million. */
export const MAX_CONFIG_BYTES = 16 * 1024 * 1024
/** Octets from which on a configuration is judged in a thread of its own; about 3000 prefixes. */
const LARGE = 1 << 18

/** The keys of a bad entry that are good by themselves. */
function readKeys<S extends z.ZodObject>(schema: S, raw: unknown): Partial<z.output<S>> {
  if (typeof raw !== 'object' || raw === null) return {}
  const keys = Object.entries(schema.shape).flatMap(([key, shape]) => {
    const given: unknown = Object.hasOwn(raw, key) ? Reflect.get(raw, key) : undefined
    const result = z.safeParse(shape, given)
    return result.success ? [[key, result.data]] : []
  })
  return Object.fromEntries(keys) as Partial<z.output<S>>
}

/** Judges each entry of a list by itself. */
function readEntries<S extends z.ZodObject>(
  schema: S,
  root: unknown,
  list: 'sessions' | 'prefixes',
  report: Report,
): Entry<z.output<S>>[] {
  const entries = (root as Readonly<Record<string, unknown>> | null | undefined)?.[list]
  if (!Array.isArray(entries)) return []
  return entries.map((raw: unknown, index) => {
    const path = [list, index]
    const result = schema.safeParse(raw)
    if (result.success) return { path, raw, read: result.data, known: result.data }
    report.addIssues(path, result.error.issues)
    return { path, raw, read: undefined, known: readKeys(schema, raw) }
  })
}

/** Leaves out keys that are undefined, as exact optional properties want it. */
function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, v]) => v !== undefined)) as T
}

function sessionConfig(
  local: Config['local'],
  { passwordFile: _, ttlSecurity, ...entry }: SessionEntry,
): SessionConfig {
  return {
    ...entry,
    ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
    localAsn: entry.localAsn ?? local.asn,
    routerId: local.routerId,
    // In one order, so that another order in the file is no change.
    families: familyNames.filter((family) => entry.families.includes(family)),
  }
}

/** Its sessions only accept, so what concerns opening has no say. */
function dynamicRange(
  local: Config['local'],
  { name, range, asns, maxPeers, keepMinutes, expected, ...entry }: DynamicEntry,
): DynamicRange {
  const { passwordFile: _, ttlSecurity, ...rest } = entry
  const { port, connectRetrySeconds, delayOpenSeconds } = sessionSchema.shape
  return {
    name,
    range,
    asns: asns === 'any' ? null : asns,
    maxPeers,
    keepMinutes,
    expected,
    template: {
      ...rest,
      ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
      port: port.parse(undefined),
      connectRetrySeconds: connectRetrySeconds.parse(undefined),
      delayOpenSeconds: delayOpenSeconds.parse(undefined),
      description: entry.description || `accepted from ${formatPrefix(range)}`,
      localAsn: entry.localAsn ?? local.asn,
      routerId: local.routerId,
      families: familyNames.filter((family) => entry.families.includes(family)),
      passive: true,
    },
  }
}

function dynamicEntries(frame: ConfigFrame | undefined): Entry<DynamicEntry>[] {
  const ranges = frame?.listen.dynamic ?? []
  return ranges.map((read, i) => {
    return { path: ['listen', 'dynamic', i], raw: read, read, known: read }
  })
}

function registration({ policy, ...entry }: PrefixEntry): Registration {
  if (policy === undefined) return entry
  return { ...entry, policy: withoutUndefined(policy) as Partial<Policy> }
}

/** A token without a name is called by its place, and may do everything. */
function tokenConfig(entry: TokenEntry, index: number): TokenConfig {
  if (typeof entry === 'string') {
    return { name: tokenName(entry, index), role: 'admin', owner: null, secret: { token: entry } }
  }
  const { name, role, owner = null, token, tokenFile = '' } = entry
  return { name, role, owner, secret: token === undefined ? { file: tokenFile } : { token } }
}

/** Where a tenant has a token, what is not the tenant's is nothing that everybody may read. */
function httpConfig({ tokens, anonymousRead, ...endpoint }: ConfigFrame['listen']['http']) {
  const read = tokens.map(tokenConfig)
  const tenants = read.some(({ role }) => isTenant(role))
  return { ...endpoint, tokens: read, anonymousRead: anonymousRead ?? !tenants }
}

function readOf<T extends object>(entries: readonly Entry<T>[]): T[] {
  return entries.flatMap(({ read }) => (read === undefined ? [] : [read]))
}

function webhookConfig({ secret, secretFile, ...entry }: WebhookEntry): WebhookConfig {
  if (secret !== undefined) return { ...entry, secret: { text: secret } }
  return { ...entry, secret: secretFile === undefined ? null : { file: secretFile } }
}

function resolve(
  { local, listen, storage, webhooks, ...frame }: ConfigFrame,
  dynamic: readonly Entry<DynamicEntry>[],
  sessions: readonly Entry<SessionEntry>[],
  prefixes: readonly Entry<PrefixEntry>[],
): Config {
  return {
    ...frame,
    local,
    listen: {
      bgp: listen.bgp,
      dynamic: readOf(dynamic).map((entry) => dynamicRange(local, entry)),
      http: httpConfig(listen.http),
    },
    storage: { ...storage, path: storage.path ?? null },
    webhooks: webhooks.map(webhookConfig),
    sessions: readOf(sessions).map((entry) => sessionConfig(local, entry)),
    prefixes: readOf(prefixes).map(registration),
  }
}

/** @returns the configuration, or all problems of the document */
function judge(
  document: ConfigDocument,
  text: string,
  file: string,
  read: ReadBeginning,
): Config | ConfigProblem[] {
  const report = createReport(document, text, file)
  const { value } = document
  if (value === undefined) return report.problems()
  if (value === null) {
    report.add([], 'the file is empty, expected a mapping with local, sessions and prefixes')
    return report.problems()
  }
  const frame = frameSchema.safeParse(value)
  if (!frame.success) report.addIssues([], frame.error.issues)
  const found = readEntries(sessionSchema, value, 'sessions', report)
  const sessions = resolvePasswords(found, read, report)
  const prefixes = readEntries(prefixSchema, value, 'prefixes', report)
  const dynamic = resolvePasswords(dynamicEntries(frame.data), read, report)
  checkRules(value, sessions, prefixes, report)
  if (frame.success) checkDynamic(dynamic, sessions, frame.data.listen.bgp, report)
  const problems = report.problems()
  return problems.length > 0 || !frame.success
    ? problems
    : resolve(frame.data, dynamic, sessions, prefixes)
}

/**
 * Reads a configuration.
 * @param file its name, as it stands in problems
 * @param read reads the files that it names; absent: from the file system
 * @throws ConfigError with every mistake, in the order of the file
 */
export function parseConfig(text: string, file: string, read = readBeginning): Config {
  const quick = readRowsDocument(text)
  const config = quick && judge(quick, text, file, read)
  if (config !== undefined && !Array.isArray(config)) return config
  const judged = judge(readDocument(text), text, file, read)
  if (Array.isArray(judged)) throw new ConfigError(judged, { text })
  return judged
}

const fileProblems: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not permitted',
  EPERM: 'reading it is not permitted',
  EISDIR: 'it is a directory, expected a file',
  ENOTDIR: 'a part of its path is not a directory',
  ELOOP: 'its path has too many symbolic links',
  ENAMETOOLONG: 'its name is too long',
}

function fileError(file: string, why: string): ConfigError {
  const message = `the configuration cannot be read: ${why}`
  const problem = { file, line: 0, column: 0, length: 1, key: '', message }
  return new ConfigError([problem], { unreadable: true })
}

/** Reads at most one octet more than is allowed, whatever the file says of its size. */
async function readBytes(file: string): Promise<Uint8Array> {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const chunks: Uint8Array[] = []
    let size = 0
    while (size <= MAX_CONFIG_BYTES) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(1 << 20), 0, 1 << 20, null)
      if (bytesRead === 0) break
      chunks.push(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
    return Buffer.concat(chunks)
  } finally {
    await handle.close()
  }
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const text = new TextDecoder().decode(bytes)
    const before = text.slice(0, text.indexOf('\ufffd')).split(/\r\n|\r|\n/)
    const problem = {
      file,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      length: 1,
      key: '',
      message: 'found an octet that is not UTF-8, expected UTF-8 text',
    }
    throw new ConfigError([problem], { text })
  }
}

/**
 * Reads the octets of a configuration.
 * @param file its name, as it stands in problems
 * @throws ConfigError with every mistake, in the order of the file
 */
export function parseBytes(bytes: Uint8Array, file: string): Config {
  return parseConfig(decodeText(bytes, file), file)
}

/**
 * Reads a configuration file: YAML, UTF-8, at most 16 MiB.
 * @throws ConfigError with every mistake; `unreadable` when there is no such file or it is too large
 */
export async function loadConfig(file: string): Promise<Config> {
  let bytes: Uint8Array
  try {
    bytes = await readBytes(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw fileError(file, fileProblems[code] ?? code)
  }
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw fileError(file, `it has more than ${MAX_CONFIG_BYTES} octets`)
  }
  const apart = bytes.length > LARGE ? await parseApart({ bytes, file }) : undefined
  return apart ?? parseBytes(bytes, file)
}
