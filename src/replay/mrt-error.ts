/** An MRT record's content contradicts itself; the next record is not affected. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}
