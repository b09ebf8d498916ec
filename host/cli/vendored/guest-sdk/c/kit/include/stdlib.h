// What the kit and the generated bindings need of stdlib.h; runtime.c has it.
#pragma once
#include <stddef.h>

// A run is a fresh instance that is thrown away after it, so memory is handed out and never taken back.
// There is no NULL: with the memory at its limit the run ends, and the log says so.
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);

// Stable: elements that compare equal keep their order.
void qsort(void *elements, size_t count, size_t size, int (*compare)(const void *, const void *));

_Noreturn void abort(void);
