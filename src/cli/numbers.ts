/** Numbers of the command line. */
import { InvalidArgumentError } from 'commander'

/** @throws InvalidArgumentError */
export function positive(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1) throw new InvalidArgumentError('Expected a number from 1 on.')
  return value
}
