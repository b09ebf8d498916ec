// What a policy in JavaScript or TypeScript is written with. `index.d.ts` beside this file says everything in types;
// CONTRACT.md says what an epoch is and what a policy may do.

import { Epoch } from "./epoch.js";

export { NO_PAYEE } from "./epoch.js";
export { fromAmounts, fromScores } from "./division.js";
export { badParameters, refuse } from "./refusal.js";
export { compareText, sortedEntries } from "./text.js";
export { log } from "./log.js";

/** Checks what a policy says of itself, once, while it is built. */
export function policy(definition) {
  const must = (holds, what) => {
    if (!holds) throw new TypeError(`policy({ ... }): ${what}`);
  };
  must(typeof definition === "object" && definition !== null, "give it one object");
  const { name, version, summary, parameters, stateful = false, allocate, ...others } = definition;
  must(typeof name === "string" && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && name.length <= 64,
    `\`name\` is lower-case words joined by hyphens, at most 64 letters, and not ${show(name)}`);
  must(typeof version === "string" && /^\d+\.\d+\.\d+/.test(version),
    `\`version\` is a version such as "1.0.0", and not ${show(version)}`);
  must(typeof summary === "string" && summary.length > 0, `\`summary\` is one sentence, and not ${show(summary)}`);
  must(typeof parameters === "object" && parameters !== null && !Array.isArray(parameters),
    `\`parameters\` is a JSON Schema, and not ${show(parameters)}`);
  must(typeof stateful === "boolean", `\`stateful\` is true or false, and not ${show(stateful)}`);
  must(typeof allocate === "function", `\`allocate\` is a function, and not ${show(allocate)}`);
  must(Object.keys(others).length === 0, `there is no member \`${Object.keys(others)[0]}\``);
  return { name, version, summary, parameters, stateful, allocate };
}

/** Asks the policy as the engine does, and gives its allocation as the contract wants it. Throws what it threw. */
export function ask(policy, parameters) {
  const epoch = new Epoch();
  const answer = policy.allocate(epoch, JSON.parse(parameters));
  return lower(answer, epoch.payees.length);
}

/** The answer checked, so that a mistake is told in its author's words and not as a trap without any. */
function lower(answer, payees) {
  const must = (holds, what) => {
    if (!holds) throw new TypeError(`allocate returned ${what}`);
  };
  must(typeof answer?.then !== "function", "a promise: it must not be async");
  must(typeof answer === "object" && answer !== null && !Array.isArray(answer) && !ArrayBuffer.isView(answer),
    `${show(answer)}: it must return an object such as { shares } or { ...fromScores(scores), measures }`);
  const { shares, retained = 0n, amounts, measures = {}, carry = new Uint8Array(0), ...others } = answer;
  must(Object.keys(others).length === 0,
    `a member \`${Object.keys(others)[0]}\`: there are shares, retained, amounts, measures and carry`);
  must((shares === undefined) !== (amounts === undefined), "not exactly one of `shares` and `amounts`");
  const column = (values, name) => {
    must(Array.isArray(values) || ArrayBuffer.isView(values), `${show(values)} as ${name}: it must be an array`);
    must(values.length === payees, `${values.length} values as ${name} for ${payees} payees`);
    return values;
  };
  const whole = (value, bits, name) => {
    const number = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
    must(typeof number === "bigint" && number >= 0n && number < 1n << bits,
      `${show(value)} ${name}: it must be a whole number, 0 or more, as a BigInt beyond 2^53 (see fromScores)`);
    return number;
  };
  must(typeof measures === "object" && measures !== null && !Array.isArray(measures),
    `${show(measures)} as \`measures\`: it must be an object of arrays, by their names`);
  must(carry instanceof Uint8Array, `${show(carry)} as \`carry\`: it must be a Uint8Array`);
  let division;
  if (shares !== undefined) {
    const weights = BigUint64Array.from(column(shares, "`shares`"),
      (share, payee) => whole(share, 64n, `as the share of payee ${payee}`));
    division = { tag: "by-weight", val: { shares: weights, retained: whole(retained, 64n, "as `retained`") } };
  } else {
    const halves = Array.from(column(amounts, "`amounts`"), (amount, payee) => {
      const number = whole(amount, 128n, `as the amount of payee ${payee}`);
      return { high: number >> 64n, low: number & 0xffffffffffffffffn };
    });
    division = { tag: "by-amount", val: halves };
  }
  const named = Object.entries(measures).map(([name, values]) => {
    const numbers = Float64Array.from(column(values, `measure \`${name}\``), (value, payee) => {
      must(typeof value === "number" && Number.isFinite(value),
        `${show(value)} in measure \`${name}\` for payee ${payee}: it must be a finite number`);
      return value;
    });
    return { name, values: numbers };
  });
  return { division, measures: named, carry };
}

function show(value) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 64));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? `an object (${value.constructor?.name})` : String(value);
}
