// BLAKE3: the hash that everything is known by, and the one derivation that an epoch's seed is. From the paper,
// https://github.com/BLAKE3-team/BLAKE3-specs, section 2; `run.mjs` holds it against the digests of the corpus.

const IV = Uint32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const BLOCK = 64;
const CHUNK = 1024;
const CHUNK_START = 1;
const CHUNK_END = 2;
const PARENT = 4;
const ROOT = 8;
const DERIVE_KEY_CONTEXT = 32;
const DERIVE_KEY_MATERIAL = 64;

/** The hash of bytes: 32 bytes. */
export function hash(bytes) {
  return tree(bytes, IV, 0);
}

/** 32 bytes that follow from key material, for one purpose, which the context says. */
export function deriveKey(context, material) {
  const key = tree(new TextEncoder().encode(context), IV, DERIVE_KEY_CONTEXT);
  return tree(material, words(key, 0, 8), DERIVE_KEY_MATERIAL);
}

/** Bytes as lower-case hexadecimal digits. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function tree(bytes, key, flags) {
  const root = node(bytes, 0, Math.max(1, Math.ceil(bytes.length / CHUNK)), key, flags);
  const out = compress(root.value, root.block, root.counter, root.length, root.flags | ROOT);
  const digest = new Uint8Array(32);
  const view = new DataView(digest.buffer);
  out.subarray(0, 8).forEach((word, index) => view.setUint32(index * 4, word, true));
  return digest;
}

/** The last compression of the subtree over chunks [first, first + count), not yet done: the root's is another. */
function node(bytes, first, count, key, flags) {
  if (count === 1) return chunk(bytes, first, key, flags);
  const left = 2 ** Math.floor(Math.log2(count - 1)); // the largest power of two that leaves something to the right
  const block = new Uint32Array(16);
  block.set(chaining(node(bytes, first, left, key, flags)), 0);
  block.set(chaining(node(bytes, first + left, count - left, key, flags)), 8);
  return { value: key, block, counter: 0, length: BLOCK, flags: flags | PARENT };
}

function chunk(bytes, index, key, flags) {
  const end = Math.min(bytes.length, (index + 1) * CHUNK);
  let value = key;
  for (let at = index * CHUNK; ; at += BLOCK) {
    const length = Math.min(BLOCK, end - at);
    const last = at + BLOCK >= end;
    const block = words(length === BLOCK ? bytes : padded(bytes, at, length), length === BLOCK ? at : 0, 16);
    const begins = at === index * CHUNK ? CHUNK_START : 0;
    const end_flag = last ? CHUNK_END : 0;
    const compression = { value, block, counter: index, length, flags: flags | begins | end_flag };
    if (last) return compression;
    value = chaining(compression);
  }
}

function padded(bytes, at, length) {
  const block = new Uint8Array(BLOCK);
  block.set(bytes.subarray(at, at + length));
  return block;
}

function words(bytes, at, count) {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, count * 4);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}

function chaining({ value, block, counter, length, flags }) {
  return compress(value, block, counter, length, flags).subarray(0, 8);
}

function compress(value, block, counter, length, flags) {
  const state = new Uint32Array(16);
  state.set(value);
  state.set(IV.subarray(0, 4), 8);
  state[12] = counter >>> 0;
  state[13] = Math.floor(counter / 2 ** 32);
  state[14] = length;
  state[15] = flags;
  let message = block;
  for (let round = 0; ; round += 1) {
    mix(state, 0, 4, 8, 12, message[0], message[1]);
    mix(state, 1, 5, 9, 13, message[2], message[3]);
    mix(state, 2, 6, 10, 14, message[4], message[5]);
    mix(state, 3, 7, 11, 15, message[6], message[7]);
    mix(state, 0, 5, 10, 15, message[8], message[9]);
    mix(state, 1, 6, 11, 12, message[10], message[11]);
    mix(state, 2, 7, 8, 13, message[12], message[13]);
    mix(state, 3, 4, 9, 14, message[14], message[15]);
    if (round === 6) break;
    message = PERMUTATION.map((from) => message[from]);
  }
  for (let index = 0; index < 8; index += 1) state[index] ^= state[index + 8];
  return state;
}

function mix(state, a, b, c, d, x, y) {
  state[a] = state[a] + state[b] + x;
  state[d] = rotated(state[d] ^ state[a], 16);
  state[c] = state[c] + state[d];
  state[b] = rotated(state[b] ^ state[c], 12);
  state[a] = state[a] + state[b] + y;
  state[d] = rotated(state[d] ^ state[a], 8);
  state[c] = state[c] + state[d];
  state[b] = rotated(state[b] ^ state[c], 7);
}

function rotated(word, by) {
  return (word >>> by) | (word << (32 - by));
}
