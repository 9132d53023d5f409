// What bounds scouts (see MissHandler), and what they take the state for that is not there.

/**
 * What a scout takes slots for, one scout after the other: where one value ends a call early the other one goes on. All bits set is a balance that
 * covers, an allowance, a lock that is open; zero is whoever is on no list, and nothing left to do.
 */
export const PREDICTIONS: readonly [bigint, bigint] = [(1n << 256n) - 1n, 0n];

/** What one scout is refused at most: a prediction may lead into a loop that no true value would. */
export const MAX_REFUSED = 128;

/** Steps that one scout goes at most: some milliseconds. */
export const MAX_STEPS = 1_500;
