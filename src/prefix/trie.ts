/**
 * A radix trie of the registered prefixes of one family: path-compressed, one node in eight
 * consecutive 32-bit words (half a cache line), no objects. Values are small integers chosen by the
 * caller. A look-up walks at most as many nodes as there are registered prefixes nested on its path.
 */
import { type ArraySource, collectedArrays } from './array-source.ts'
import { BlockFilter } from './block-filter.ts'
import { type Family, maskWord, type Prefix } from './prefix.ts'

/** No value, no node below. Node 0 is a dummy, so 0 also means "no child". */
export const NONE = -1

// Offsets of a node's fields. The address words come first, as in a Prefix.
const LENGTH = 4
const CHILD = 5
const VALUE = 7
export const STRIDE = 8

/** Bit `index` (0 = most significant) of a prefix. */
function bitAt(p: Readonly<Prefix>, index: number): number {
  const word = index < 32 ? p.w0 : index < 64 ? p.w1 : index < 96 ? p.w2 : p.w3
  return (word >>> (31 - (index & 31))) & 1
}

/** Leading bits that two words share. */
function sharedBits(a: number, b: number): number {
  return Math.clz32(a ^ b)
}

export class RadixTrie {
  readonly family: Family
  /** Values held. */
  size = 0
  /** Grows whenever a prefix comes or goes. */
  version = 0
  /** Of the last `find`: the value of the longest registered prefix that covers the one asked for. */
  covering = NONE
  /** Of the last `find`: whether registered prefixes lie strictly inside the one asked for. */
  inside = false

  private readonly arrays: ArraySource
  /** Of whoever walks them himself: valid until a prefix comes or goes. */
  nodes: Int32Array
  /** Words of them in use. */
  used = STRIDE
  root = 0
  /** Freed nodes, chained through their first child. */
  private free = 0
  readonly filter: BlockFilter
  /** Prefixes taken out since the filter was made; it still says "maybe" for them. */
  private removed = 0

  /** @param sourceFor gives the arrays of an object, for as long as that lives */
  constructor(family: Family, sourceFor: (owner: object) => ArraySource = () => collectedArrays) {
    this.family = family
    this.arrays = sourceFor(this)
    this.nodes = this.arrays.words(64 * STRIDE)
    this.filter = new BlockFilter(family, this.arrays)
  }

  /** Octets held outside V8's heap. */
  get bytes(): number {
    return this.nodes.byteLength + this.filter.bytes
  }

  /**
   * Looks a masked prefix up; sets `covering` and `inside`.
   * @returns the value registered for exactly this prefix, or NONE
   */
  find(p: Readonly<Prefix>): number {
    this.covering = NONE
    this.inside = false
    return this.filter.mayTouch(p) ? this.descend(p) : NONE
  }

  private descend(p: Readonly<Prefix>): number {
    const nodes = this.nodes
    const length = p.length
    let node = this.root
    while (node !== 0) {
      const nodeLength = nodes[node + LENGTH] as number
      if (nodeLength >= length) {
        if (!this.sameStart(node, p, length)) return NONE
        if (nodeLength > length) {
          this.inside = true
          return NONE
        }
        const value = nodes[node + VALUE] as number
        this.inside = nodes[node + CHILD] !== 0 || nodes[node + CHILD + 1] !== 0
        return value
      }
      if (!this.sameStart(node, p, nodeLength)) return NONE
      const value = nodes[node + VALUE] as number
      if (value !== NONE) this.covering = value
      node = nodes[node + CHILD + bitAt(p, nodeLength)] as number
    }
    return NONE
  }

  /** Whether a node and a prefix agree in their first `bits` bits. */
  private sameStart(node: number, p: Readonly<Prefix>, bits: number): boolean {
    const nodes = this.nodes
    if (bits <= 32) return bits === 0 || ((nodes[node] as number) ^ p.w0) >>> (32 - bits) === 0
    if (nodes[node] !== p.w0) return false
    return (
      maskWord((nodes[node + 1] as number) ^ p.w1, bits - 32) === 0 &&
      maskWord((nodes[node + 2] as number) ^ p.w2, bits - 64) === 0 &&
      maskWord((nodes[node + 3] as number) ^ p.w3, bits - 96) === 0
    )
  }

  /** Leading bits that a node and a prefix share, at most the shorter length. */
  private sharedLength(node: number, p: Readonly<Prefix>): number {
    const nodes = this.nodes
    const limit = Math.min(nodes[node + LENGTH] as number, p.length)
    let bits = sharedBits(nodes[node] as number, p.w0)
    if (bits === 32) bits += sharedBits(nodes[node + 1] as number, p.w1)
    if (bits === 64) bits += sharedBits(nodes[node + 2] as number, p.w2)
    if (bits === 96) bits += sharedBits(nodes[node + 3] as number, p.w3)
    return Math.min(bits, limit)
  }

  /**
   * Registers a masked prefix.
   * @param value a non-negative 32-bit integer
   * @returns the value that was there before, or NONE
   */
  set(p: Readonly<Prefix>, value: number): number {
    let parent = 0
    let side = 0
    let node = this.root
    while (node !== 0) {
      const nodeLength = this.nodes[node + LENGTH] as number
      const shared = this.sharedLength(node, p)
      if (shared < nodeLength) break
      if (nodeLength === p.length) {
        const before = this.nodes[node + VALUE] as number
        this.nodes[node + VALUE] = value
        if (before === NONE) {
          this.size++
          this.version++
          this.filter.add(p.w0, p.length)
        }
        return before
      }
      parent = node
      side = bitAt(p, nodeLength)
      node = this.nodes[node + CHILD + side] as number
    }
    this.size++
    this.version++
    this.filter.add(p.w0, p.length)
    const leaf = this.allocate(p, p.length, value)
    this.link(parent, side, node === 0 ? leaf : this.join(node, leaf, p))
    return NONE
  }

  /** Puts a new leaf and an old subtree that parts from it under one node. */
  private join(node: number, leaf: number, p: Readonly<Prefix>): number {
    const shared = this.sharedLength(node, p)
    if (shared === p.length) {
      this.nodes[leaf + CHILD + this.nodeBit(node, shared)] = node
      return leaf
    }
    const fork = this.allocate(p, shared, NONE)
    const side = bitAt(p, shared)
    this.nodes[fork + CHILD + side] = leaf
    this.nodes[fork + CHILD + (1 - side)] = node
    return fork
  }

  private nodeBit(node: number, index: number): number {
    return ((this.nodes[node + (index >> 5)] as number) >>> (31 - (index & 31))) & 1
  }

  private link(parent: number, side: number, child: number): void {
    if (parent === 0) this.root = child
    else this.nodes[parent + CHILD + side] = child
  }

  private allocate(p: Readonly<Prefix>, length: number, value: number): number {
    let node = this.free
    if (node !== 0) {
      this.free = this.nodes[node + CHILD] as number
    } else {
      node = this.used
      this.used += STRIDE
      if (this.used > this.nodes.length) {
        const larger = this.arrays.words(this.nodes.length * 2)
        larger.set(this.nodes)
        this.arrays.free(this.nodes)
        this.nodes = larger
      }
    }
    const nodes = this.nodes
    nodes[node] = maskWord(p.w0, length)
    nodes[node + 1] = maskWord(p.w1, length - 32)
    nodes[node + 2] = maskWord(p.w2, length - 64)
    nodes[node + 3] = maskWord(p.w3, length - 96)
    nodes[node + LENGTH] = length
    nodes[node + CHILD] = 0
    nodes[node + CHILD + 1] = 0
    nodes[node + VALUE] = value
    return node
  }

  private release(node: number): void {
    this.nodes[node + CHILD] = this.free
    this.free = node
  }

  /**
   * Takes a masked prefix out.
   * @returns the value it had, or NONE when it was not registered
   */
  delete(p: Readonly<Prefix>): number {
    let grandparent = 0
    let parentSide = 0
    let parent = 0
    let side = 0
    let node = this.root
    while (node !== 0 && (this.nodes[node + LENGTH] as number) < p.length) {
      if (!this.sameStart(node, p, this.nodes[node + LENGTH] as number)) return NONE
      grandparent = parent
      parentSide = side
      parent = node
      side = bitAt(p, this.nodes[node + LENGTH] as number)
      node = this.nodes[node + CHILD + side] as number
    }
    if (node === 0 || this.nodes[node + LENGTH] !== p.length) return NONE
    const value = this.nodes[node + VALUE] as number
    if (value === NONE || !this.sameStart(node, p, p.length)) return NONE
    this.size--
    this.version++
    this.removed++
    this.nodes[node + VALUE] = NONE
    this.splice(node, parent, side)
    // A fork that lost one of its two branches is no fork any more.
    if (parent !== 0 && this.nodes[parent + VALUE] === NONE) {
      this.splice(parent, grandparent, parentSide)
    }
    if (this.removed > this.size + 1000) this.renewFilter()
    return value
  }

  /** Makes the filter forget prefixes that are gone. */
  private renewFilter(): void {
    this.filter.clear()
    this.removed = 0
    this.walk(this.root, (node) => {
      if (this.nodes[node + VALUE] === NONE) return
      this.filter.add(this.nodes[node] as number, this.nodes[node + LENGTH] as number)
    })
  }

  /** Calls back for every node of a subtree, in address order, shorter prefixes first. */
  private walk(root: number, visit: (node: number) => void): void {
    const stack = root === 0 ? [] : [root]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      visit(at)
      const left = this.nodes[at + CHILD] as number
      const right = this.nodes[at + CHILD + 1] as number
      if (right !== 0) stack.push(right)
      if (left !== 0) stack.push(left)
    }
  }

  /** Takes a node without a value out of its parent, if it has fewer than two children. */
  private splice(node: number, parent: number, side: number): void {
    const left = this.nodes[node + CHILD] as number
    const right = this.nodes[node + CHILD + 1] as number
    if (left !== 0 && right !== 0) return
    this.link(parent, side, left === 0 ? right : left)
    this.release(node)
  }

  /** Calls back with the value of every registered prefix that covers or equals `p`, shortest first. */
  eachCovering(p: Readonly<Prefix>, visit: (value: number) => void): void {
    let node = this.root
    while (node !== 0) {
      const nodeLength = this.nodes[node + LENGTH] as number
      if (nodeLength > p.length || !this.sameStart(node, p, nodeLength)) return
      const value = this.nodes[node + VALUE] as number
      if (value !== NONE) visit(value)
      if (nodeLength === p.length) return
      node = this.nodes[node + CHILD + bitAt(p, nodeLength)] as number
    }
  }

  /** Calls back with the value of every registered prefix strictly inside `p`, in address order. */
  eachInside(p: Readonly<Prefix>, visit: (value: number) => void): void {
    let node = this.root
    while (node !== 0 && (this.nodes[node + LENGTH] as number) < p.length) {
      const nodeLength = this.nodes[node + LENGTH] as number
      if (!this.sameStart(node, p, nodeLength)) return
      node = this.nodes[node + CHILD + bitAt(p, nodeLength)] as number
    }
    if (node === 0 || !this.sameStart(node, p, p.length)) return
    this.walk(node, (at) => {
      const value = this.nodes[at + VALUE] as number
      if (value !== NONE && (this.nodes[at + LENGTH] as number) > p.length) visit(value)
    })
  }
}
