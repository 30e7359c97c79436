import { type AttributeCode, AttributeFlag } from './codes.ts'
import { Handling } from './handling.ts'

/** RFC 4271 §5: the Optional and Transitive bits that an attribute must carry. */
const wellKnown = AttributeFlag.transitive
const optionalTransitive = AttributeFlag.optional | AttributeFlag.transitive
const optionalNonTransitive = AttributeFlag.optional

/** What is known of an attribute before its value is read. */
export interface AttributeRow {
  readonly code: AttributeCode
  /** As RFCs write it. */
  readonly name: string
  /** Required values of the Optional and Transitive bits. */
  readonly flags: number
  /** RFC 7606 §7: what a malformed value (or length) of it leads to. */
  readonly malformed: Handling
  /** What wrong flags lead to; RFC 7606 §3 c says treat-as-withdraw where the attribute's own RFC is silent. */
  readonly flagConflict: Handling
  /** RFC 7606 §7.5, §7.9, §7.10: from an external peer it is discarded unseen. */
  readonly internalOnly?: boolean
  /** Fixed length of the value in octets, where there is one. */
  readonly length?: number
  /** The value is a list of entries of this many octets; an empty list is malformed. */
  readonly entry?: number
}

const withdraw = Handling.treatAsWithdraw
const discard = Handling.attributeDiscard
const reset = Handling.sessionReset

/** One row an attribute. Order is of no consequence. */
const rows: readonly (Omit<AttributeRow, 'flagConflict'> & Partial<AttributeRow>)[] = [
  // RFC 7606 §7.1
  { code: 1, name: 'ORIGIN', flags: wellKnown, malformed: withdraw, length: 1 },
  // §7.2
  { code: 2, name: 'AS_PATH', flags: wellKnown, malformed: withdraw },
  // §7.3
  { code: 3, name: 'NEXT_HOP', flags: wellKnown, malformed: withdraw, length: 4 },
  // §7.4
  {
    code: 4,
    name: 'MULTI_EXIT_DISC',
    flags: optionalNonTransitive,
    malformed: withdraw,
    length: 4,
  },
  // §7.5
  {
    code: 5,
    name: 'LOCAL_PREF',
    flags: wellKnown,
    malformed: withdraw,
    internalOnly: true,
    length: 4,
  },
  // §7.6
  { code: 6, name: 'ATOMIC_AGGREGATE', flags: wellKnown, malformed: discard, length: 0 },
  // §7.7; 6 or 8 octets, as negotiated
  { code: 7, name: 'AGGREGATOR', flags: optionalTransitive, malformed: discard },
  // §7.8
  { code: 8, name: 'COMMUNITIES', flags: optionalTransitive, malformed: withdraw, entry: 4 },
  // §7.9
  {
    code: 9,
    name: 'ORIGINATOR_ID',
    flags: optionalNonTransitive,
    malformed: withdraw,
    internalOnly: true,
    length: 4,
  },
  // §7.10
  {
    code: 10,
    name: 'CLUSTER_LIST',
    flags: optionalNonTransitive,
    malformed: withdraw,
    internalOnly: true,
    entry: 4,
  },
  // §7.11, §5.3
  { code: 14, name: 'MP_REACH_NLRI', flags: optionalNonTransitive, malformed: reset },
  // §7.12
  { code: 15, name: 'MP_UNREACH_NLRI', flags: optionalNonTransitive, malformed: reset },
  // §7.14
  {
    code: 16,
    name: 'EXTENDED_COMMUNITIES',
    flags: optionalTransitive,
    malformed: withdraw,
    entry: 8,
  },
  // RFC 6793 §6
  {
    code: 17,
    name: 'AS4_PATH',
    flags: optionalTransitive,
    malformed: discard,
    flagConflict: discard,
  },
  // RFC 6793 §6
  {
    code: 18,
    name: 'AS4_AGGREGATOR',
    flags: optionalTransitive,
    malformed: discard,
    flagConflict: discard,
    length: 8,
  },
  // RFC 8092 §6
  {
    code: 32,
    name: 'LARGE_COMMUNITIES',
    flags: optionalTransitive,
    malformed: withdraw,
    entry: 12,
  },
  // RFC 9234 §5
  { code: 35, name: 'ONLY_TO_CUSTOMER', flags: optionalTransitive, malformed: withdraw, length: 4 },
]

/** Rows by attribute code; undefined where the daemon does not know the code. */
export const attributeTable: readonly (AttributeRow | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => {
    const row = rows.find((candidate) => candidate.code === code)
    return row && { flagConflict: withdraw, ...row }
  },
)
