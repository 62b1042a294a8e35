/** From where on an index is worth its keep. */
export const settings = {
  /** An index that cuts the cost of what it serves by less is not worth its keep. */
  least: 0.25,
  /** Nor is one that saves less than this part of all the workload, */
  share: 0.005,
  /** or than this part of what its statements cost before there was any: the last drops are dear. */
  drops: 0.05,
  /** or than so many units a call (0.1 ms): a look-up by an index is quick enough as it is. */
  perCall: 10,
  /** Of indexes that serve nearly as well the smallest is taken: so much of the best one's gain it must have. */
  near: 0.9,
  /** And what it leaves may be so many times what the best one leaves, */
  left: 2,
  /** or this many units of the planner a call more (half a millisecond at most), but no more than a twentieth of what it was. */
  indifferent: 150,
  /** A workload is served by a few; more are asked for in a second run. */
  most: 20,
  /** Under a budget of disk these are tried, each the start of an exchange, and the best set taken. */
  give: [1, 0.8, 0.4, 0.1],
  /** One that is there gives way to another that gains so many times as much: a thousandth is noise. */
  better: 1.001,
  /** What cannot be tried is told only where no more than this part of a table is wanted. */
  untriedShare: 0.1,
  /** Trying means making on a copy: then no more than this many. */
  dear: 60,
} as const
