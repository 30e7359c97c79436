/** The daemon's log: pino, one JSON object a line, or coloured lines for a person at a terminal. */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { LogFormat, LogLevel } from '../config/config.ts'

/** Octets of lines that wait while they cannot be written; what comes on top is lost. */
const MOST_WAITING = 1 << 20

/** What the other parts need of a log; a pino logger is one, and so is a list in a test. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface LogOptions {
  readonly level?: LogLevel
  readonly format?: LogFormat
  /** File descriptor to write to: 1 standard output, 2 standard error. */
  readonly descriptor?: 1 | 2
  /** Takes the lines instead of the descriptor. */
  readonly stream?: DestinationStream & { readonly isTTY?: boolean }
}

/** A stack is logged for bugs alone, and then it is what a person needs. */
function withStack(line: Record<string, unknown>, messageKey: string): string {
  const { err } = line
  const hasStack = typeof err === 'object' && err !== null && 'stack' in err
  return hasStack ? `${line[messageKey]}\n${err.stack}` : `${line[messageKey]}`
}

/**
 * Lines for people: time of day, level, sentence, and no fields, which repeat what the sentence says.
 * Each line is made and written at once: pino-pretty's own stream would be a turn late.
 */
function prettyStream(output: DestinationStream, colorize: boolean): DestinationStream {
  const format = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    ignore: 'pid,hostname',
    messageFormat: withStack,
  })
  return { write: (line) => output.write(format(line)) }
}

/**
 * Writes to a descriptor at once. A device that is full, or a reader that is gone, costs lines and
 * nothing else: the daemon goes on, and what waits is written with the first line that finds room.
 */
function descriptorStream(descriptor: number): DestinationStream {
  const output = destination({ dest: descriptor, sync: true, maxLength: MOST_WAITING })
  // Without a listener the error would be thrown at whoever logs.
  output.on('error', () => {})
  return output
}

/**
 * Makes the log. Times are ISO 8601 in UTC, levels are words.
 * Lines are written at once, so that none is lost when the process ends.
 */
export function createLog(options: LogOptions = {}): Logger {
  const { format = 'auto', level = 'info', descriptor = 1 } = options
  const terminal = descriptor === 1 ? process.stdout : process.stderr
  const isTerminal = (options.stream ?? terminal).isTTY === true
  const pretty = format === 'pretty' || (format === 'auto' && isTerminal)
  const output = options.stream ?? descriptorStream(descriptor)
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? prettyStream(output, isTerminal) : output,
  )
}
