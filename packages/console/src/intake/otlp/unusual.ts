/** Thrown by readers that work by hand at what senders do not write: it is for the table to read or refuse. */
export class Unusual extends Error {}
