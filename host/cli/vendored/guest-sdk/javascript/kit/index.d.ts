/**
 * What a policy in JavaScript or TypeScript is written with. CONTRACT.md says what an epoch is, in words.
 *
 * Numbers of 64 bits and more are BigInts, because a number of JavaScript holds whole numbers exactly up to 2^53 alone.
 */

/** What a policy says of itself, and its rule. `Parameters` is what its JSON Schema allows. */
export interface Definition<Parameters> {
  /** Lower-case words joined by hyphens, at most 64 letters. */
  name: string;
  /** Semantic version of the policy. */
  version: string;
  /** One sentence, at most 1,024 bytes: who gets what, and why. Shown to people before they adopt the policy. */
  summary: string;
  /** JSON Schema (2020-12) of the parameters; the engine checks them against it. It fills in no defaults. */
  parameters: object;
  /** Whether the policy reads `paid` or `carry`, or returns a carry. Without it the engine ends the run of one that does. */
  stateful?: boolean;
  /** Divides the pool. */
  allocate(epoch: Epoch, parameters: Parameters): Allocation;
}

/** Makes a policy of its definition: `export const rule = policy({ ... })`. */
export function policy<Parameters = Record<string, unknown>>(definition: Definition<Parameters>): Policy;

/** What `policy` gives and the module exports as `rule`. */
export interface Policy {
  readonly name: string;
  readonly version: string;
}

/** How the pool is divided: in proportion to shares, or by amounts; and numbers that explain it. */
export type Allocation = (ByShares | ByAmounts) & {
  /** Numbers per payee that are kept with the payouts and shown to people, by name (`package-connections`); at most 32. */
  measures?: Record<string, ArrayLike<number>>;
  /** Handed to this policy at the next epoch; at most 1 MiB. */
  carry?: Uint8Array;
};

export interface ByShares {
  /** One whole number per payee, in payee order; only proportions count. See `fromScores` for fractions. */
  shares: ArrayLike<bigint> | ArrayLike<number>;
  /** The share that stays in the treasury; 0 without it. All shares 0: the whole pool stays. */
  retained?: bigint | number;
  amounts?: undefined;
}

export interface ByAmounts {
  /** Base units, one per payee, together at most the pool. The rest stays in the treasury. */
  amounts: ArrayLike<bigint> | ArrayLike<number>;
  shares?: undefined;
  retained?: undefined;
}

/**
 * Shares in the proportions of scores, one per payee, each finite and 0 or more, in any unit:
 * `return { ...fromScores(points), measures: { points } }`.
 */
export function fromScores(scores: ArrayLike<number>): { shares: BigUint64Array };

/**
 * Shares by which each payee gets its amount in whole units of a pool of `pool` whole units, and the treasury what they
 * leave of it if that is more than 1e-9 of it (less is the rounding of the sum).
 */
export function fromAmounts(amounts: ArrayLike<number>, pool: number): { shares: BigUint64Array; retained: bigint };

/** The rule has no answer for this epoch: `throw refuse("no payee has a point")`. The sentence is shown to people. */
export function refuse(sentence: string): Error;

/** The parameters contradict each other in a way that the schema cannot say: `throw badParameters("...")`. */
export function badParameters(sentence: string): Error;

/** The payee of a node that nobody owns: no row of any column of payees. */
export const NO_PAYEE: 0xffffffff;

/** For `sort`: the order of ids and names in the contract, by UTF-8 bytes. JavaScript's own order is another. */
export function compareText(a: string, b: string): number;

/** The members of a table of the parameters, sorted by name, so that a sum over them has one order. */
export function sortedEntries<Value>(table: Record<string, Value>): [string, Value][];

/** A line for the run's log, which the author sees when a run fails; `console.log` does the same. */
export function log(...values: unknown[]): void;

/**
 * The epoch being settled: all that a policy can know. Nodes, edges and payees are named by their rows. A column is
 * fetched when it is first asked for. Credit flows along an edge from source to target: the source relied on the target.
 */
export interface Epoch {
  readonly number: number;
  /** Start (inclusive) and end (exclusive), seconds since 1970-01-01 UTC. */
  readonly window: { start: bigint; end: bigint };
  /** What this policy divides, in base units. */
  readonly pool: bigint;
  /** The same in whole units of the asset, to the nearest number. */
  readonly poolInUnits: number;
  /** The asset's symbol. */
  readonly asset: string;
  /** One whole unit is 10^decimals base units. */
  readonly decimals: number;
  /** The same for everyone who settles this epoch. */
  readonly seed: bigint;

  /** Ids, sorted by their UTF-8 bytes. */
  readonly payees: string[];

  readonly nodeCount: number;
  /** Sorted; every kind occurs. */
  readonly nodeKinds: string[];
  /** Sorted by their UTF-8 bytes. */
  readonly nodeIds: string[];
  /** Index into `nodeKinds`. */
  readonly nodeKind: Uint32Array;
  /** Finite, 0 or more; 1 where the input gives none. */
  readonly nodeWeight: Float64Array;
  /** Seconds since 1970-01-01 UTC; the start of the window where the input gives none. */
  readonly nodeTime: BigInt64Array;
  /** Row of the payee, or `NO_PAYEE`. */
  readonly nodePayee: Uint32Array;

  /** Edges are sorted by source, target, kind, time, then the rest. */
  readonly edgeCount: number;
  /** Sorted; every kind occurs. */
  readonly edgeKinds: string[];
  /** Row of a node. */
  readonly edgeSource: Uint32Array;
  /** Row of a node. */
  readonly edgeTarget: Uint32Array;
  /** Index into `edgeKinds`. */
  readonly edgeKind: Uint32Array;
  /** Finite, 0 or more; 1 where the input gives none. */
  readonly edgeWeight: Float64Array;
  /** Seconds since 1970-01-01 UTC; the start of the window where the input gives none. */
  readonly edgeTime: BigInt64Array;
  /** One number more than there are nodes: the edges that leave node n are rows `[edgeOffsets[n], edgeOffsets[n + 1])`. */
  readonly edgeOffsets: Uint32Array;

  /** The index of a kind, if any node (edge) is of it. */
  nodeKindNamed(name: string): number | undefined;
  edgeKindNamed(name: string): number | undefined;

  /** Names of the further columns of the input, sorted. */
  readonly nodeMetrics: string[];
  readonly edgeMetrics: string[];
  readonly nodeLabels: string[];
  readonly edgeLabels: string[];
  /** A further column of numbers, absent ones 0; undefined if the epoch has no such column. */
  nodeMetric(name: string): Float64Array | undefined;
  edgeMetric(name: string): Float64Array | undefined;
  /** A further column of words; undefined if the epoch has no such column. */
  nodeLabel(name: string): Label | undefined;
  edgeLabel(name: string): Label | undefined;

  /** What each payee has been paid so far, in base units. For stateful policies. */
  readonly paid: bigint[];
  /** What this policy handed over at the last epoch; empty at the first. For stateful policies. */
  readonly carry: Uint8Array;
}

/** A column of words. */
export interface Label {
  /** The dictionary: sorted, the first the empty word, which stands for absent. */
  readonly words: string[];
  /** Index into `words`, one a row. */
  readonly rows: Uint32Array;
  /** The word of a row. */
  word(row: number): string;
  /** The index of a word, if it is in the dictionary. */
  indexOf(word: string): number | undefined;
}

declare global {
  /** Lines for the run's log. */
  var console: Record<"debug" | "error" | "info" | "log" | "warn", (...values: unknown[]) => void>;
  /** Text as UTF-8 and back, for what a policy hands over. */
  var TextEncoder: new () => { encode(text: string): Uint8Array };
  var TextDecoder: new () => { decode(bytes: Uint8Array): string };
}
