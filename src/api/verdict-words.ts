/** Policy and evidence in words, alike in the terminal and on the page. */
import type { EvidenceJson, PolicyJson } from './prefix-schemas.ts'

/** @returns for instance `all of the communities 8075:8007, 64500:1:2; at most 3 AS numbers; no prepending` */
export function policyText(policy: PolicyJson): string {
  const communities = policy.requiredCommunities
  const required =
    communities.length === 0
      ? 'no community required'
      : communities.length === 1
        ? `community ${communities[0]}`
        : `${policy.communityMatch} of the communities ${communities.join(', ')}`
  return [
    required,
    `at most ${policy.maxAsPathLength} AS number${policy.maxAsPathLength === 1 ? '' : 's'}`,
    policy.allowPrepending ? 'prepending allowed' : 'no prepending',
    ...(policy.bogonAsn === 'off' ? ['bogon AS numbers allowed'] : []),
  ].join('; ')
}

/** The facts of a finding, those that are there, as label and value. */
export function evidencePairs(evidence: EvidenceJson): [label: string, value: string][] {
  const list = (items: readonly string[]) => (items.length === 0 ? 'none' : items.join(' '))
  const pairs: [string, string | undefined][] = [
    ['AS path', evidence.asPath === '' ? 'empty' : evidence.asPath],
    ['path length', evidence.pathLength?.toString()],
    ['AS number', evidence.asn?.toString()],
    ['position', evidence.position?.toString()],
    ['origin AS', evidence.originAsn?.toString()],
    ['communities', evidence.communities && list(evidence.communities)],
    // An announcement that nobody made has no next hop.
    ['next hop', evidence.nextHop || undefined],
    ['other', evidence.otherName && `${evidence.otherName} ${evidence.otherPrefix ?? ''}`],
    ['routes', evidence.routes?.length ? list(evidence.routes) : undefined],
    ['count', evidence.count?.toString()],
    ['detail', evidence.detail],
  ]
  return pairs.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]))
}
