/** Fields that several kinds have. */
import { z } from 'zod'
import { name, nameExpected, printable } from '../fields/readers.ts'

/** The key `owner` of every kind without parent. */
export const ownerField = z
  .exactOptional(z.union([printable(1, 128), z.null()], 'text of 1 to 128 printable characters'))
  .describe(
    'Tenant that it belongs to, and all under it; null or absent: the operator. A provider or customer can leave it out: it is theirs.',
  )

/** A resource's name: the last part of its id. Clients take `.` and `..` out of URLs. */
export const nameField = name.refine((text) => text !== '.' && text !== '..', {
  error: `${nameExpected}, other than . and ..`,
  params: { expected: true },
})
