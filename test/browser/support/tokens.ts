/** Who may ask the daemon with the registry. */
export const tokensOf = {
  admin: { name: 'admin', role: 'admin', token: 'page-token-of-admin' },
  contoso: { name: 'contoso', role: 'provider', owner: 'contoso', token: 'page-token-of-contoso' },
  fabrikam: {
    name: 'fabrikam',
    role: 'customer',
    owner: 'fabrikam',
    token: 'page-token-of-fabrikam',
  },
} as const
