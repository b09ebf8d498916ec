// The most and the least that a payee gets: `apportion_guest::limits` of the Rust SDK, operation by operation.

/** Divides a pool by scores, nobody above `maxShare` of it; what a capped payee leaves goes to the others. */
export function capped(scores: Float64Array, pool: number, maxShare: number): Float64Array {
  const cap = maxShare * pool;
  const order = descending(scores);
  let scoresLeft = sumFromTheEnd(scores, order);
  let poolLeft = pool;
  const amounts = new Float64Array(scores.length);
  let rest = order;
  // In descending order, the first who is not above the cap ends the capping: all after have less.
  while (rest.length > 0) {
    const row = rest[0];
    if ((scores[row] / scoresLeft) * poolLeft <= cap) break;
    amounts[row] = cap;
    poolLeft -= cap;
    scoresLeft -= scores[row];
    rest = rest.subarray(1);
  }
  // Summed anew: subtracting left the rounding of the giants in the sum.
  scoresLeft = sumFromTheEnd(scores, rest);
  for (const row of rest) amounts[row] = (scores[row] / scoresLeft) * poolLeft;
  return amounts;
}

/** Scores with those put to 0 whose payee would get less than `minAmount` of `pool`; the smallest goes first. */
export function withoutDust(scores: Float64Array, pool: number, minAmount: number): Float64Array {
  const order = descending(scores);
  const kept = new Float64Array(scores.length);
  let [total, length] = [0, 0];
  order.forEach((row, place) => {
    total += scores[row];
    const lastOfEquals = place + 1 === order.length || scores[order[place + 1]] < scores[row];
    if (lastOfEquals && (scores[row] / total) * pool >= minAmount) length = place + 1;
  });
  for (const row of order.subarray(0, length)) kept[row] = scores[row];
  return kept;
}

function sumFromTheEnd(scores: Float64Array, rows: Uint32Array): number {
  let sum = 0;
  for (let place = rows.length - 1; place >= 0; place -= 1) sum += scores[rows[place]];
  return sum;
}

/** The rows of positive scores, from the largest down; equal ones in their order. */
function descending(scores: Float64Array): Uint32Array {
  const rows: number[] = [];
  scores.forEach((score, row) => {
    if (score > 0 && Number.isFinite(score)) rows.push(row);
  });
  return Uint32Array.from(rows.sort((a, b) => scores[b] - scores[a]));
}
