/** The `irr` of the configuration: where routing-registry data comes from. */
import { z } from 'zod'
import { listOf, mapping, oneOf, printable, text, whole } from '../fields/readers.ts'
import { whoisStyles } from '../irr/whois-styles.ts'

const hostExpected = 'a host name or an address, such as whois.example.net'
const sourceExpected = 'the name of a registry, such as RIPE'

const server = mapping(
  {
    host: text(hostExpected)
      .regex(/^[A-Za-z0-9.:-]{1,253}$/, hostExpected)
      .describe('Host name or address.'),
    port: whole(1, 65_535).default(43).describe('TCP port.'),
    style: oneOf(whoisStyles)
      .default('irrd')
      .describe(
        "irrd: queries with !r, as most registries take them. ripe: those of RIPE's whois.",
      ),
    sources: listOf(
      text(sourceExpected).regex(/^[A-Za-z0-9-]{1,64}$/, sourceExpected),
      'registries',
    )
      .max(50, 'at most 50 registries')
      .default([])
      .describe('Registries that it is asked for; empty: those that it asks by itself.'),
  },
  'with host',
)

export const irrSchema = mapping(
  {
    files: listOf(printable(1, 4096), 'files')
      .max(100, 'at most 100 files')
      .default([])
      .describe(
        'Dumps of RPSL objects, plain or gzip, relative to the working directory. Read again within a minute after they change.',
      ),
    servers: z
      .array(server, 'a list of servers')
      .max(10, 'at most 10 servers')
      .default([])
      .describe('Asked, in this order, for what the dumps do not record.'),
  },
  'with files and servers',
)
  .prefault({})
  .describe('Routing-registry data: who is recorded as origin of a prefix.')
