/** How the memory of the tables is laid out, which the compiled kernel is told too. */

/** Octets of a page of WebAssembly. */
export const PAGE = 2 ** 16
/** Pages that a memory with addresses of 32 bits has at most: 4 GiB. */
export const MAXIMUM_PAGES = 2 ** 16
/** Where tables begin. Below are the kernel's own constants; address 0 belongs to no table. */
export const KERNEL_BASE = PAGE
