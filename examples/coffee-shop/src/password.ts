/** What scrypt costs here: 32 MB, and 60 to 150 ms of a processor. Its default is half of that. */
export const passwordCost = { N: 2 ** 15, maxmem: 64 * 2 ** 20 }
