// The small part of a C library that a component without one needs.

#include "apportion.h"

extern unsigned char __heap_base;

enum { PAGE = 65536, ALIGNMENT = 16 };

// Memory: blocks one after the other, each behind a header with its size.

static uintptr_t next_free;

typedef struct Header {
  _Alignas(ALIGNMENT) size_t size;
} Header;

void *malloc(size_t size) {
  if (next_free == 0) {
    next_free = ((uintptr_t)&__heap_base + ALIGNMENT - 1) & -(uintptr_t)ALIGNMENT;
  }
  uint64_t end = (uint64_t)next_free + sizeof(Header) + (((uint64_t)size + ALIGNMENT - 1) & -(uint64_t)ALIGNMENT);
  uint64_t pages = (end + PAGE - 1) / PAGE;
  size_t have = __builtin_wasm_memory_size(0);
  if (pages > have && (pages >= 65536 || __builtin_wasm_memory_grow(0, (size_t)pages - have) == SIZE_MAX)) {
    check_failed("malloc", 0, __func__, "there is no more memory");
  }
  Header *header = (Header *)next_free;
  header->size = size;
  next_free = (uintptr_t)end;
  return header + 1;
}

void *calloc(size_t count, size_t size) {
  size_t bytes;
  APPORTION_CHECK(!__builtin_mul_overflow(count, size, &bytes));
  return memset(malloc(bytes), 0, bytes);
}

void *realloc(void *block, size_t size) {
  size_t had = block == NULL ? 0 : ((Header *)block - 1)->size;
  if (block != NULL && size <= had) {
    return block;
  }
  void *moved = malloc(size);
  return had == 0 ? moved : memcpy(moved, block, had);
}

void free(void *block) { (void)block; }

_Noreturn void abort(void) { __builtin_trap(); }

// Bytes. The first three are one instruction each.

void *memcpy(void *restrict to, const void *restrict from, size_t size) { return __builtin_memcpy(to, from, size); }

void *memmove(void *to, const void *from, size_t size) { return __builtin_memmove(to, from, size); }

void *memset(void *to, int byte, size_t size) { return __builtin_memset(to, byte, size); }

int memcmp(const void *a, const void *b, size_t size) {
  const unsigned char *left = a, *right = b;
  for (size_t i = 0; i < size; i++) {
    if (left[i] != right[i]) {
      return left[i] < right[i] ? -1 : 1;
    }
  }
  return 0;
}

size_t strlen(const char *string) {
  size_t length = 0;
  while (string[length] != 0) {
    length++;
  }
  return length;
}

int strcmp(const char *a, const char *b) {
  while (*a != 0 && *a == *b) {
    a++, b++;
  }
  return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

// Sorting by merging: stable, and n log n comparisons on any input.
void qsort(void *elements, size_t count, size_t size, int (*compare)(const void *, const void *)) {
  char *from = elements, *to = count < 2 ? NULL : malloc(count * size);
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t start = 0; start < count; start += 2 * width) {
      size_t middle = start + width < count ? start + width : count;
      size_t end = middle + width < count ? middle + width : count;
      size_t left = start, right = middle;
      for (size_t place = start; place < end; place++) {
        bool take_right =
            left == middle || (right < end && compare(from + right * size, from + left * size) < 0);
        memcpy(to + place * size, from + (take_right ? right++ : left++) * size, size);
      }
    }
    char *merged = to;
    to = from;
    from = merged;
  }
  if (from != (char *)elements) {
    memcpy(elements, from, count * size);
  }
}

// What the compiler calls for integers of 128 bits. Only additions, subtractions and constant shifts are instructions.

typedef unsigned __int128 u128;

static u128 join(uint64_t high, uint64_t low) { return (u128)high << 64 | low; }

u128 __ashlti3(u128 x, int by) {
  uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
  if (by == 0) {
    return x;
  }
  return by < 64 ? join(high << by | low >> (64 - by), low << by) : join(low << (by - 64), 0);
}

u128 __lshrti3(u128 x, int by) {
  uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
  if (by == 0) {
    return x;
  }
  return by < 64 ? join(high >> by, low >> by | high << (64 - by)) : join(0, high >> (by - 64));
}

u128 __multi3(u128 a, u128 b) {
  uint64_t a0 = (uint32_t)a, a1 = (uint64_t)a >> 32, b0 = (uint32_t)b, b1 = (uint64_t)b >> 32;
  uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (uint32_t)middle;
  uint64_t high = a1 * b1 + (middle >> 32) + (other >> 32);
  high += (uint64_t)(a >> 64) * (uint64_t)b + (uint64_t)a * (uint64_t)(b >> 64);
  return join(high, other << 32 | (uint32_t)low);
}

static u128 divide(u128 dividend, u128 divisor, u128 *rest) {
  APPORTION_CHECK(divisor != 0);
  u128 quotient = 0, remainder = 0;
  for (int bit = 127; bit >= 0; bit--) {
    bool carried = remainder >> 127;
    remainder = remainder << 1 | (__lshrti3(dividend, bit) & 1);
    quotient <<= 1;
    if (carried || remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  *rest = remainder;
  return quotient;
}

u128 __udivti3(u128 a, u128 b) {
  u128 rest;
  return divide(a, b, &rest);
}

u128 __umodti3(u128 a, u128 b) {
  u128 rest;
  divide(a, b, &rest);
  return rest;
}

// The nearest double, ties to even.
double __floatuntidf(u128 x) {
  int shift = 0;
  bool lost = false;
  while (x >> 64 != 0) {
    lost |= x & 1;
    x >>= 1;
    shift++;
  }
  // With 64 bits left, the last is far below what a double holds, so it can stand for all that was lost.
  return scaled((double)((uint64_t)x | lost), shift);
}
