// A hardened component, transpiled, and what it answers: checked as `host/apportion/src/policy.rs` checks it.

import { hex } from "./blake3.mjs";
import { badOutput, Fault, faultOf } from "./fault.mjs";
import { Host } from "./host.mjs";
import { byteLength, visible } from "./text.mjs";

const RULE = "apportion:policy/rule@0.1.0";
const METER = "apportion:metering/meter@1.0.0";
/** What a measure takes beside its name and values. */
const MEASURE = 48;
const MAX_LABEL = 64;
const MAX_REFUSAL = 4096;
const MAX_MEASURES = 32;
const MAX_CARRY = 1 << 20;
const LABEL = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * One run: a fresh instance, one call, and what came of it, in the shape of the corpus's `expected.json`.
 *
 * `component` has `instantiate`, as `jco transpile --instantiation sync` made it, and `core`, which gives a core module
 * by its name. `request` is what is asked; `limits` what it may use.
 */
export function run(component, epoch, request, limits) {
  const host = new Host(epoch, request.history, limits);
  let meter; // the first core instance of a hardened component
  const instantiateCore = (module, imports) => {
    const instance = new WebAssembly.Instance(module, imports);
    meter ??= instance.exports;
    return instance;
  };
  let exports;
  let answer;
  try {
    exports = component.instantiate(component.core, host.imports(), instantiateCore);
    answer = allocate(exports[RULE], request.parameters, limits.output);
  } catch (error) {
    // Where the component may not call out, only the meter knows that it was stopped. There is none where it was
    // stopped before it was made, because the component starts with too much.
    const stopped = meter?.stopped.value ?? -1;
    return { ...failed(stopped >= 0 ? host.exhausted(stopped) : faultOf(error)), used: null };
  }
  const { left } = exports[METER];
  const used = {
    instructions: String(limits.instructions - left(0)),
    memory: String(BigInt(limits.memory) - left(2)),
    table: String(BigInt(limits.table) - left(3)),
    transfer: String(host.transferred),
  };
  try {
    if (answer instanceof Fault) throw answer;
    return { ...checked(answer, epoch, request.history !== null), used };
  } catch (error) {
    return { ...failed(faultOf(error)), used };
  }
}

function failed({ code, sentence }) {
  return { fault: { code, sentence } };
}

/** An allocation, or the fault that a refusal is, which the bindings throw as it is. */
function allocate(rule, parameters, most) {
  const within = (bytes) => {
    if (bytes > most) throw badOutput();
  };
  try {
    const answer = rule.allocate(parameters);
    within(size(answer));
    return answer;
  } catch (refusal) {
    if (refusal instanceof Error) throw refusal;
    within(byteLength(refusal.val));
    return new Fault(refusal.tag, visible(refusal.val, MAX_REFUSAL));
  }
}

/** What an allocation takes of the output limit: what it takes of the library's memory. */
function size({ division: { tag, val }, measures, carry }) {
  const divided = tag === "by-weight" ? 8 * val.shares.length : 16 * val.length;
  const measured = measures.map(({ name, values }) => MEASURE + byteLength(name) + 8 * values.length);
  return measured.reduce((sum, bytes) => sum + bytes, divided + carry.length);
}

function checked({ division, measures, carry }, epoch, stateful) {
  const payees = epoch.payees.length;
  const checked = {
    division: checkedDivision(division, payees, epoch.pool),
    measures: checkedMeasures(measures, payees),
    carry: hex(carry),
  };
  if (carry.length > MAX_CARRY) {
    throw new Fault("bad-carry", `it hands over ${carry.length} bytes; at most ${MAX_CARRY} are kept`);
  }
  if (carry.length > 0 && !stateful) {
    throw new Fault("bad-carry", "it hands something over, and its description says that it does not");
  }
  return checked;
}

function checkedDivision({ tag, val }, payees, pool) {
  const given = tag === "by-weight" ? val.shares : val;
  if (given.length !== payees) {
    throw new Fault("bad-division", `it returned ${given.length} shares for ${payees} payees`);
  }
  if (tag === "by-weight") return { shares: Array.from(given, String), retained: String(val.retained) };
  const amounts = given.map(({ high, low }) => (high << 64n) | low);
  if (amounts.reduce((sum, units) => sum + units, 0n) > pool) {
    throw new Fault("bad-division", `its amounts are together more than its pool of ${pool} base units`);
  }
  return { amounts: amounts.map(String) };
}

function checkedMeasures(given, payees) {
  const bad = (sentence) => {
    throw new Fault("bad-measures", sentence);
  };
  if (given.length > MAX_MEASURES) bad(`it returned ${given.length} measures; at most ${MAX_MEASURES} are kept`);
  const names = new Set();
  return given.map(({ name, values }) => {
    const shown = visible(name, MAX_LABEL);
    if (!LABEL.test(name) || name.length > MAX_LABEL) {
      bad(`measure \`${shown}\` is not named in lower-case words joined by hyphens`);
    }
    if (names.has(name)) bad(`measure \`${shown}\` is there twice`);
    names.add(name);
    if (values.length !== payees) bad(`measure \`${shown}\` has ${values.length} values for ${payees} payees`);
    const payee = values.findIndex((value) => !Number.isFinite(value));
    if (payee >= 0) bad(`measure \`${shown}\` is not a finite number for payee ${payee}`);
    return { name, values: Array.from(values, bits) };
  });
}

/** The bits of a double in hexadecimal; -0 becomes 0. */
function bits(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value + 0);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}
