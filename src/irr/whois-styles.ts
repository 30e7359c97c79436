/** Query languages of registry servers. */
export const whoisStyles = ['irrd', 'ripe'] as const
export type WhoisStyle = (typeof whoisStyles)[number]
