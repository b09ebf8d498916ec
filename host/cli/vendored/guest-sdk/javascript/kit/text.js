// Texts in the contract's order: by their UTF-8 bytes, which is the order of code points.

/**
 * For `sort`. JavaScript's own order compares UTF-16 units, and puts an emoji before a full-width letter.
 */
export function compareText(a, b) {
  return a === b ? 0 : comesBefore(a, b) ? -1 : 1;
}

export function comesBefore(a, b) {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place += 1) {
    const [x, y] = [a.charCodeAt(place), b.charCodeAt(place)];
    // Surrogates stand for code points above all others.
    if (x !== y) return fixed(x) < fixed(y);
  }
  return a.length < b.length;
}

const fixed = (unit) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** The members of a table of the parameters, by name in the contract's order, so that sums have one order. */
export function sortedEntries(table) {
  return Object.entries(table).sort(([a], [b]) => compareText(a, b));
}
