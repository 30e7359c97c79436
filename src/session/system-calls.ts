/** Socket options that Node does not reach: the C library, called through koffi. Linux alone. */
import { getSystemErrorName } from 'node:util'
import { type Koffi, loadKoffi } from '../native.ts'

/** A call that the kernel refused; `code` is its name for it, such as `ENOPROTOOPT`. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  readonly code: string

  constructor(call: string, code: string) {
    super(`${call}: ${code}`)
    this.code = code
  }
}

/** This machine cannot make the calls; `message` is the end of a sentence that says why. */
export class NoSystemCallsError extends Error {
  override readonly name = 'NoSystemCallsError'
}

/** Levels of getsockopt(2) and setsockopt(2). */
export const OptionLevel = { ip: 0, tcp: 6, ipv6: 41 } as const

/** What bgpwarden asks of the kernel. Every call throws SystemCallError when it is refused. */
export interface SystemCalls {
  /** @returns the descriptor of a TCP socket that is neither bound nor connected */
  openSocket(family: 'ipv4' | 'ipv6'): number
  setOption(descriptor: number, level: number, option: number, value: Uint8Array): void
  /** @returns at most `octets` octets of an option's value */
  getOption(descriptor: number, level: number, option: number, octets: number): Uint8Array
  close(descriptor: number): void
}

const ADDRESS_FAMILY = { ipv4: 2, ipv6: 10 } as const
/** SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
const SOCKET_TYPE = 1 | 0o4000 | 0o2000000

/**
 * Makes the calls reachable.
 * @param platform as `process.platform` has it
 * @throws NoSystemCallsError on another platform than Linux, or where koffi cannot be loaded
 */
export function loadSystemCalls(
  platform: string = process.platform,
  load: () => Koffi = loadKoffi,
): SystemCalls {
  if (platform !== 'linux') {
    throw new NoSystemCallsError(`it needs Linux, and this is ${platform}`)
  }
  try {
    return bind(load())
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new NoSystemCallsError(
      `the npm package koffi, which is optional, cannot be loaded (${why})`,
    )
  }
}

function bind(koffi: Koffi): SystemCalls {
  const library = koffi.load(null)
  const socket = library.func('int socket(int family, int type, int protocol)')
  const setsockopt = library.func(
    'int setsockopt(int descriptor, int level, int option, const void *value, uint32_t length)',
  )
  const getsockopt = library.func(
    'int getsockopt(int descriptor, int level, int option, _Out_ void *value, _Inout_ uint32_t *length)',
  )
  const closeDescriptor = library.func('int close(int descriptor)')

  function checked(call: string, result: number): number {
    if (result >= 0) return result
    throw new SystemCallError(call, getSystemErrorName(-koffi.errno()))
  }

  return {
    openSocket: (family) => checked('socket', socket(ADDRESS_FAMILY[family], SOCKET_TYPE, 0)),
    setOption(descriptor, level, option, value) {
      checked('setsockopt', setsockopt(descriptor, level, option, value, value.length))
    },
    getOption(descriptor, level, option, octets) {
      const value = new Uint8Array(octets)
      const length: [number] = [octets]
      checked('getsockopt', getsockopt(descriptor, level, option, value, length))
      return value.subarray(0, length[0])
    },
    close(descriptor) {
      checked('close', closeDescriptor(descriptor))
    },
  }
}
