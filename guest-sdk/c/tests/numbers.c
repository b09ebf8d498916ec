// The kit's decimal numbers against the system's C library, which rounds correctly too: run natively by `check`.

#include "apportion.h"

int printf(const char *format, ...);
int snprintf(char *to, size_t size, const char *format, ...);
double strtod(const char *from, char **end);

enum { ROUNDS = 20000 };

static uint64_t bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

static double number_of(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

// As in apportion.c, which cannot be linked natively.
Text text(const char *literal) { return (Text){.ptr = (uint8_t *)literal, .len = strlen(literal)}; }

static int wrong;

static void reads(const char *written) {
  double read = NAN;
  if (!read_number(text(written), &read) || bits_of(read) != bits_of(strtod(written, NULL))) {
    printf("%s is read as %.17g and not as %.17g\n", written, read, strtod(written, NULL));
    wrong++;
  }
}

static void writes(double number) {
  char shortest[32] = {0}, longer[32] = {0};
  size_t length = write_number(number, shortest);
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(longer, sizeof longer, "%.*e", digits - 1, number);
    if (bits_of(strtod(longer, NULL)) == bits_of(number)) {
      break;
    }
  }
  size_t digits = 0, wanted = 0;
  for (size_t i = 0; i < length && shortest[i] != 'e'; i++) {
    digits += shortest[i] >= '0' && shortest[i] <= '9';
  }
  for (size_t i = 0; longer[i] != 'e'; i++) {
    wanted += longer[i] >= '0' && longer[i] <= '9';
  }
  // Without an exponent there may be zeros around the digits.
  bool exponent = number != 0 && (fabs(number) >= 1e21 || fabs(number) < 1e-5);
  bool short_enough = exponent ? digits == wanted : digits >= wanted && digits <= wanted + 21;
  if (bits_of(strtod(shortest, NULL)) != bits_of(number) || !short_enough) {
    printf("%.17g is written as %s\n", number, shortest);
    wrong++;
  }
}

int main(void) {
  static const char *const HARD[] = {
      "0", "-0", "1", "0.1", "0.30000000000000004", "5e-324", "2e-324", "3e-324", "2.4703282292062327e-324",
      "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308", "1.7976931348623157e308",
      "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "1e-400", "9007199254740993", "9007199254740992.5",
      "9007199254740993.00000000000000000000000000000000000000000001", "1e22", "1e23", "123456789012345678901234567890",
      "0.000000000000000000000000000000000000001", "1e999999999999", "1e-999999999999"};
  for (size_t i = 0; i < sizeof HARD / sizeof *HARD; i++) {
    reads(HARD[i]);
  }
  static const char *const NONE[] = {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1x", "0x1", "NaN"};
  for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
    double number;
    if (read_number(text(NONE[i]), &number)) {
      printf("`%s` is read as a number\n", NONE[i]);
      wrong++;
    }
  }
  uint64_t state = 1;
  for (int round = 0; round < ROUNDS; round++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    // Any double, and one whose size is usual.
    double any = number_of(state ^ state >> 29), usual = (double)(state >> 40) / 1024 * 0.1;
    char written[64];
    if (isfinite(any) && round % 20 == 0) {
      snprintf(written, sizeof written, "%.*e", round / 20 % 25, any);
      reads(written);
      writes(any);
    }
    snprintf(written, sizeof written, "%.*f", round % 20, usual);
    reads(written);
    writes(usual);
  }
  printf("decimal numbers: %d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
