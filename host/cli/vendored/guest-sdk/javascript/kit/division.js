// From scores in floating point to integer weights: the same arithmetic as the Rust SDK's `from_scores`, bit for bit.

import { NoAnswer } from "./refusal.js";

/** What amounts may fall short of the pool by before the difference is retained, as a part of the pool. */
const SUM_TOLERANCE = 1e-9;

export function fromScores(scores) {
  const { shares } = scaled(scores, 0);
  return { shares };
}

export function fromAmounts(amounts, pool) {
  let total = 0;
  for (const amount of amounts) total += amount;
  if (total > pool * (1 + SUM_TOLERANCE)) {
    throw new NoAnswer(`the amounts sum to ${total}, more than the pool of ${pool}`);
  }
  const rest = pool - total;
  return scaled(amounts, rest > pool * SUM_TOLERANCE ? rest : 0);
}

/** Multiplies by the power of two that brings the largest between 2^61 and 2^62, and rounds, ties to even. */
function scaled(scores, retained) {
  let largest = 0;
  const check = (score, whose) => {
    if (typeof score !== "number" || !Number.isFinite(score) || score < 0) {
      throw new NoAnswer(`the score of ${whose} is \`${score}\`: it must be finite and 0 or more`);
    }
    if (score > largest) largest = score;
  };
  for (let payee = 0; payee < scores.length; payee += 1) check(scores[payee], `payee ${payee}`);
  check(retained, "the treasury");
  const shift = 62 - exponent(largest);
  // In two steps, each exact, because 2^shift itself may be beyond the largest number.
  const half = Math.trunc(shift / 2);
  const [first, second] = [2 ** half, 2 ** (shift - half)];
  const weight = (score) => BigInt(rounded(score * first * second));
  const shares = new BigUint64Array(scores.length);
  for (let payee = 0; payee < scores.length; payee += 1) shares[payee] = weight(scores[payee]);
  return { shares, retained: weight(retained) };
}

/** The exponent e of which `number` is in [0.5, 1) * 2^e; 0 for 0. */
function exponent(number) {
  if (number === 0) return 0;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number);
  const stored = (bits.getUint16(0) >>> 4) & 0x7ff;
  // Below the normal numbers the exponent stands nowhere: 2^64 times as much is one of them.
  return stored === 0 ? exponent(number * 2 ** 64) - 64 : stored - 1022;
}

function rounded(number) {
  const floor = Math.floor(number);
  const rest = number - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
