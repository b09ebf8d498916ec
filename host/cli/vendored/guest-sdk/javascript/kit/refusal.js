// A policy may decline. The sentence is shown to people.

/** The rule has no answer for this epoch. */
export class NoAnswer extends Error {}

/** The parameters contradict each other in a way that the schema cannot say. */
export class BadParameters extends Error {}

export function refuse(sentence) {
  return new NoAnswer(String(sentence));
}

export function badParameters(sentence) {
  return new BadParameters(String(sentence));
}
