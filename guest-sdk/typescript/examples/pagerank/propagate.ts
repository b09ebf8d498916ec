// The weighted, personalised PageRank: `apportion_guest::propagate` of the Rust SDK, operation by operation.

/** Weighted edges between nodes, in columns. */
export interface Links {
  source: Uint32Array;
  target: Uint32Array;
  weight: Float64Array;
}

/** The nodes that links of positive weight touch, and the links by their targets. */
export interface Network {
  nodeCount: number;
  /** Rows of nodes, ascending. The other columns speak of places in this one. */
  members: Uint32Array;
  /** The links into place n are `[offsets[n], offsets[n + 1])`. */
  offsets: Uint32Array;
  sources: Uint32Array;
  /** The link's part of all that leaves its source. */
  parts: Float64Array;
  /** The places that no link leaves. */
  dangling: Uint32Array;
}

/** How a PageRank is computed. */
export interface Rule {
  damping: number;
  tolerance: number;
  maxIterations: number;
}

export function network(nodeCount: number, { source, target, weight }: Links): Network {
  const isLink = (link: number) => weight[link] > 0 && Number.isFinite(weight[link]);
  const placeOf = new Uint32Array(nodeCount);
  let count = 0;
  for (let link = 0; link < weight.length; link += 1) {
    if (!isLink(link)) continue;
    placeOf[source[link]] = placeOf[target[link]] = 1;
    count += 1;
  }
  const found: number[] = [];
  for (let node = 0; node < nodeCount; node += 1) {
    if (placeOf[node] === 0) continue;
    placeOf[node] = found.length;
    found.push(node);
  }
  const members = Uint32Array.from(found);

  const leaving = new Float64Array(members.length);
  const offsets = new Uint32Array(members.length + 1);
  for (let link = 0; link < weight.length; link += 1) {
    if (!isLink(link)) continue;
    leaving[placeOf[source[link]]] += weight[link];
    offsets[placeOf[target[link]] + 1] += 1;
  }
  for (let place = 1; place < offsets.length; place += 1) offsets[place] += offsets[place - 1];
  const next = offsets.slice();
  const sources = new Uint32Array(count);
  const parts = new Float64Array(count);
  for (let link = 0; link < weight.length; link += 1) {
    if (!isLink(link)) continue;
    const from = placeOf[source[link]];
    const row = next[placeOf[target[link]]]++;
    sources[row] = from;
    parts[row] = weight[link] / leaving[from];
  }
  const dangling = members.map((_, place) => place).filter((place) => leaving[place] === 0);
  return { nodeCount, members, offsets, sources, parts, dangling };
}

/**
 * Scores that sum to 1 over the network, one per node. `preference` says where credit starts; undefined for everywhere
 * alike. The iteration is NetworkX's `pagerank`, to the order of its terms.
 */
export function rank(
  network: Network,
  preference: Float64Array | undefined,
  { damping, tolerance, maxIterations }: Rule,
): { scores: Float64Array; settled: boolean } {
  const { nodeCount, members } = network;
  const size = members.length;
  const teleport = teleportation(members, preference);
  let now = new Float64Array(size).fill(1 / size);
  let next = new Float64Array(size);
  let [iterations, settled] = [0, false];
  while (iterations < maxIterations && !settled) {
    const change = step(network, teleport, damping, now, next);
    [now, next] = [next, now];
    iterations += 1;
    settled = change < size * tolerance;
  }
  const scores = new Float64Array(nodeCount);
  members.forEach((node, place) => { scores[node] = now[place]; });
  return { scores, settled };
}

/** One iteration; returns how much it changed the scores in sum. */
function step(
  { offsets, sources, parts, dangling }: Network,
  teleport: Float64Array,
  damping: number,
  now: Float64Array,
  next: Float64Array,
): number {
  let held = 0;
  for (const place of dangling) held += now[place];
  let change = 0;
  for (let place = 0; place < next.length; place += 1) {
    let received = 0;
    for (let link = offsets[place]; link < offsets[place + 1]; link += 1) received += now[sources[link]] * parts[link];
    const returned = (1 - damping) * teleport[place];
    next[place] = damping * (received + held * teleport[place]) + returned;
    change += Math.abs(next[place] - now[place]);
  }
  return change;
}

/** The positive entries of `preference` over the members, summing to 1; uniform if there are none. */
function teleportation(members: Uint32Array, preference: Float64Array | undefined): Float64Array {
  const teleport = Float64Array.from(members, (node) => Math.max(preference?.[node] ?? 0, 0));
  let total = 0;
  for (const part of teleport) total += part;
  if (total > 0 && Number.isFinite(total)) return teleport.map((part) => part / total);
  return teleport.fill(1 / members.length);
}
