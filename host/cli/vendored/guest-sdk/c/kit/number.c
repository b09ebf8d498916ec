// Doubles from and to decimal digits, exactly: every double is a finite decimal, and halving or doubling a decimal is
// exact, so the digits themselves are calculated with. Slow for very large and very small numbers, and always right.

#include "apportion.h"

enum { DIGITS = 1600, BIAS = 1023, LEAST_EXPONENT = -1074 };

// 0.d1d2d3... * 10^point, without zeros at either end; no digits: 0. What does not fit leaves a 1 in the last place,
// which is enough to tell a number from a tie.
typedef struct Decimal {
  int length;
  int point;
  uint8_t digit[DIGITS];
} Decimal;

static void trim(Decimal *d) {
  while (d->length > 0 && d->digit[d->length - 1] == 0) {
    d->length--;
  }
  if (d->length == 0) {
    d->point = 0;
  }
}

static void append(Decimal *d, int digit) {
  if (d->length == 0 && digit == 0) {
    d->point--; // A zero in front.
  } else if (d->length < DIGITS) {
    d->digit[d->length++] = (uint8_t)digit;
  } else if (digit != 0 && d->digit[DIGITS - 1] == 0) {
    d->digit[DIGITS - 1] = 1;
  }
}

static void twice(Decimal *d) {
  int carry = 0;
  for (int i = d->length - 1; i >= 0; i--) {
    int value = 2 * d->digit[i] + carry;
    d->digit[i] = (uint8_t)(value % 10);
    carry = value / 10;
  }
  if (carry != 0) {
    uint8_t last = d->length == DIGITS ? d->digit[DIGITS - 1] : 0;
    int kept = d->length == DIGITS ? DIGITS - 1 : d->length;
    memmove(d->digit + 1, d->digit, (size_t)kept);
    d->digit[0] = 1;
    d->length = kept + 1;
    d->point++;
    if (last != 0 && d->digit[DIGITS - 1] == 0) {
      d->digit[DIGITS - 1] = 1;
    }
  }
  trim(d);
}

static void half(Decimal *d) {
  Decimal before = *d;
  d->length = 0;
  int rest = 0;
  for (int i = 0; i < before.length || rest != 0; i++) {
    int value = 10 * rest + (i < before.length ? before.digit[i] : 0);
    append(d, value / 2);
    rest = value % 2;
  }
  trim(d);
}

// The whole part of a decimal below 10^18.
static uint64_t whole(const Decimal *d) {
  uint64_t whole = 0;
  for (int i = 0; i < d->point; i++) {
    whole = 10 * whole + (i < d->length ? d->digit[i] : 0);
  }
  return whole;
}

// To so many digits, ties to even.
static void round_to(Decimal *d, int digits) {
  if (digits >= d->length) {
    return;
  }
  int next = digits < 0 ? 0 : d->digit[digits];
  bool tie = next == 5 && digits + 1 == d->length;
  bool odd = digits > 0 && d->digit[digits - 1] % 2 == 1;
  bool up = next > 5 || (next == 5 && (!tie || odd));
  d->length = digits < 0 ? 0 : digits;
  for (int i = digits - 1; up && i >= 0; i--) {
    up = d->digit[i] == 9;
    d->digit[i] = up ? 0 : d->digit[i] + 1;
  }
  if (up && digits >= 0) {
    d->digit[0] = 1;
    d->length = 1;
    d->point++;
  }
  trim(d);
}

double scaled(double x, int n) {
  for (; n > BIAS; n -= BIAS) {
    x *= 0x1p1023;
  }
  for (; n < 1 - BIAS; n += BIAS - 1) {
    x *= 0x1p-1022;
  }
  union {
    uint64_t bits;
    double number;
  } power = {.bits = (uint64_t)(n + BIAS) << 52};
  return x * power.number;
}

static double nearest(Decimal *d) {
  if (d->length == 0 || d->point < -400) {
    return 0;
  }
  if (d->point > 400) {
    return INFINITY;
  }
  int exponent = 0;
  while (d->point > 18 || whole(d) >= 1ull << 53) {
    half(d);
    exponent++;
  }
  while (exponent > LEAST_EXPONENT && whole(d) < 1ull << 52) {
    twice(d);
    exponent--;
  }
  round_to(d, d->point);
  return exponent > BIAS - 52 ? INFINITY : scaled((double)whole(d), exponent);
}

static bool digit_at(Text t, size_t at) { return at < t.len && t.ptr[at] >= '0' && t.ptr[at] <= '9'; }

bool read_number(Text t, double *number) {
  Decimal *d = calloc(1, sizeof(Decimal));
  size_t at = t.len > 0 && t.ptr[0] == '-' ? 1 : 0;
  bool negative = at == 1;
  if (!digit_at(t, at) || (t.ptr[at] == '0' && digit_at(t, at + 1))) {
    return false;
  }
  for (; digit_at(t, at); at++) {
    append(d, t.ptr[at] - '0');
    d->point++;
  }
  if (at < t.len && t.ptr[at] == '.') {
    at++;
    if (!digit_at(t, at)) {
      return false;
    }
    for (; digit_at(t, at); at++) {
      append(d, t.ptr[at] - '0');
    }
  }
  if (at < t.len && (t.ptr[at] == 'e' || t.ptr[at] == 'E')) {
    at++;
    bool below = at < t.len && t.ptr[at] == '-';
    at += at < t.len && (t.ptr[at] == '-' || t.ptr[at] == '+') ? 1 : 0;
    if (!digit_at(t, at)) {
      return false;
    }
    int exponent = 0;
    for (; digit_at(t, at); at++) {
      exponent = exponent > 100000000 ? exponent : 10 * exponent + (t.ptr[at] - '0');
    }
    d->point += below ? -exponent : exponent;
  }
  trim(d);
  *number = negative ? -nearest(d) : nearest(d);
  return at == t.len;
}

static void expand(double number, Decimal *d) {
  union {
    double number;
    uint64_t bits;
  } of = {.number = number};
  int exponent = (int)(of.bits >> 52 & 0x7ff);
  uint64_t mantissa = (of.bits & ((1ull << 52) - 1)) | (exponent == 0 ? 0 : 1ull << 52);
  exponent = (exponent == 0 ? 1 : exponent) - BIAS - 52;
  *d = (Decimal){0};
  for (uint64_t unit = 10000000000000000ull; unit > 0; unit /= 10) {
    append(d, (int)(mantissa / unit % 10));
    d->point++;
  }
  trim(d);
  for (; exponent > 0; exponent--) {
    twice(d);
  }
  for (; exponent < 0; exponent++) {
    half(d);
  }
}

static size_t lay_out(const Decimal *d, char *to) {
  size_t length = 0;
  if (d->point > -5 && d->point <= 21) {
    for (int place = d->point < 1 ? d->point : 0; place < d->length || place < d->point; place++) {
      if (place == d->point) {
        if (length == 0) {
          to[length++] = '0';
        }
        to[length++] = '.';
      }
      to[length++] = (char)('0' + (place >= 0 && place < d->length ? d->digit[place] : 0));
    }
    return length;
  }
  for (int place = 0; place < d->length; place++) {
    to[length++] = (char)('0' + d->digit[place]);
    if (place == 0 && d->length > 1) {
      to[length++] = '.';
    }
  }
  int exponent = d->point - 1;
  to[length++] = 'e';
  if (exponent < 0) {
    to[length++] = '-';
    exponent = -exponent;
  }
  for (int unit = exponent >= 100 ? 100 : exponent >= 10 ? 10 : 1; unit > 0; unit /= 10) {
    to[length++] = (char)('0' + exponent / unit % 10);
  }
  return length;
}

size_t write_number(double number, char *to) {
  if (!isfinite(number)) {
    const char *word = isnan(number) ? "NaN" : number > 0 ? "inf" : "-inf";
    memcpy(to, word, strlen(word));
    return strlen(word);
  }
  size_t sign = __builtin_signbit(number) ? 1 : 0;
  if (sign == 1) {
    *to++ = '-';
    number = -number;
  }
  if (number == 0) {
    *to = '0';
    return sign + 1;
  }
  Decimal *exact = malloc(sizeof(Decimal)), *shorter = malloc(sizeof(Decimal)), *again = malloc(sizeof(Decimal));
  expand(number, exact);
  for (int digits = 1;; digits++) {
    *shorter = *exact;
    round_to(shorter, digits);
    *again = *shorter;
    if (nearest(again) == number) {
      return sign + lay_out(shorter, to);
    }
  }
}
