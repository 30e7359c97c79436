/** The compiled kernel, in base64. Made by `npm run build:kernel` from the sources in assembly/. */
export const KERNEL_BINARY = `
AGFzbQEAAAABBQFgAAF/AwIBAAcLAQd2ZXJzaW9uAAAKBgEEAEEBCw==
`
