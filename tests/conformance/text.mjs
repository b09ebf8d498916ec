// What text may be kept and shown: `host/core/src/text.rs` in JavaScript.

/** What a terminal or browser would act on instead of showing it. The list is fixed, whatever Unicode becomes. */
const INVISIBLE = /[\u{0}-\u{1f}\u{7f}-\u{9f}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}]/u;

const encoder = new TextEncoder();

/** How many bytes of UTF-8 a text is. */
export function byteLength(text) {
  return encoder.encode(text).length;
}

export function hasInvisible(text) {
  return INVISIBLE.test(text);
}

/** A stranger's text cut to `max` bytes, with a space for every invisible character. */
export function visible(text, max) {
  let shown = "";
  let length = 0;
  for (const character of text) {
    const seen = INVISIBLE.test(character) ? " " : character;
    length += byteLength(seen);
    if (length > max) break;
    shown += seen;
  }
  return shown;
}
