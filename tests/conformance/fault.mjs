// Why a policy gave no allocation: `host/core/src/fault.rs`, and what `host/apportion/src/sandbox.rs` makes of an engine's traps.

/** The policy's fault: a stable code and one sentence. */
export class Fault extends Error {
  constructor(code, sentence) {
    super(`${code}: ${sentence}`);
    this.code = code;
    this.sentence = sentence;
  }
}

/**
 * What traps are called: by V8, and by jco where it puts its own words in their place. Another engine has others.
 */
const TRAPS = [
  [/^unreachable$|`unreachable` instruction executed$/, "unreachable"],
  [/^memory access out of bounds$|: out of bounds memory access$|: data segment \d+ is out of bounds/, "memory-access"],
  [/: undefined element: out of bounds table access$|\btable index is out of bounds$/, "indirect-call"],
  [/^null function or function signature mismatch$/, "indirect-call"],
  [/^divide by zero$|: integer divide by zero$/, "arithmetic"],
  [/^divide result unrepresentable$|: integer overflow$/, "arithmetic"],
  [/^float unrepresentable in integer range$|: invalid conversion to integer$/, "arithmetic"],
  [/^unknown handle index \d+$/, "bad-output"],
  [/^cannot leave component instance$/, "trap"],
];

const SENTENCES = {
  unreachable: "it stopped itself, as on a panic or a failed check",
  "memory-access": "it touched memory that it does not have",
  "indirect-call": "it called through a table what is not there",
  arithmetic: "it divided by zero or made an integer of what is none",
  "bad-output": "what it passed to the host could not be read: over its output limit or not well-formed",
  trap: "it trapped",
};

/**
 * The fault that an error out of a run is. An engine's exhausted stack is none: the limit of depth must come first.
 * What is neither ours nor a trap is what the bindings threw on reading what the policy passed.
 */
export function faultOf(error) {
  if (error instanceof Fault) return error;
  if (error instanceof WebAssembly.RuntimeError) {
    const trap = TRAPS.find(([words]) => words.test(error.message));
    if (!trap) throw error;
    return new Fault(trap[1], SENTENCES[trap[1]]);
  }
  const ofBindings = error instanceof TypeError || error instanceof RangeError;
  if (!ofBindings || /call stack/.test(error.message)) throw error;
  return badOutput();
}

/** What a policy passed is too much, or nothing that can be read. */
export function badOutput() {
  return new Fault("bad-output", SENTENCES["bad-output"]);
}
