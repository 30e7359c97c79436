/** The control block at hand. */
let block: usize = 0

export function useControl(at: usize): void {
  block = at
}

export function word(field: i32): i32 {
  return load<i32>(block + ((<usize>field) << 2))
}

export function setWord(field: i32, value: i32): void {
  store<i32>(block + ((<usize>field) << 2), value)
}

export function addTo(field: i32, value: i32): void {
  const at = block + ((<usize>field) << 2)
  store<i32>(at, load<i32>(at) + value)
}
