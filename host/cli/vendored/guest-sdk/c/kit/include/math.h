// The functions of math.h that are one WebAssembly instruction, exact to the last bit everywhere. Logarithms and powers
// are not here: C libraries differ in their last bits. A rule that wants one brings its own and is then the same
// everywhere, because the component carries it.
#pragma once

#define INFINITY __builtin_inf()
#define NAN __builtin_nan("")
#define isfinite(x) __builtin_isfinite(x)
#define isnan(x) __builtin_isnan(x)

static inline double sqrt(double x) { return __builtin_sqrt(x); }
static inline double fabs(double x) { return __builtin_fabs(x); }
static inline double floor(double x) { return __builtin_floor(x); }
static inline double ceil(double x) { return __builtin_ceil(x); }
static inline double trunc(double x) { return __builtin_trunc(x); }
// To the nearest integer, ties to even.
static inline double rint(double x) { return __builtin_rint(x); }
