// The parameters: JSON as RFC 8259 has it, read whole.

#include "apportion.h"

enum { DEEPEST = 128 };

typedef struct Reader {
  Text written;
  size_t at;
  int depth;
} Reader;

static Json value(Reader *r);

static _Noreturn void refuse(const Reader *r, const char *what) {
  say("the parameters are no JSON: %s at byte %zu", what, r->at);
  abort();
}

static int peek(const Reader *r) { return r->at < r->written.len ? r->written.ptr[r->at] : -1; }

static void skip_space(Reader *r) {
  while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r') {
    r->at++;
  }
}

static bool take(Reader *r, char wanted) {
  skip_space(r);
  bool there = peek(r) == wanted;
  r->at += there;
  return there;
}

static void expect(Reader *r, char wanted, const char *otherwise) {
  if (!take(r, wanted)) {
    refuse(r, otherwise);
  }
}

static bool take_word(Reader *r, const char *word) {
  size_t length = strlen(word);
  bool there = r->written.len - r->at >= length && memcmp(r->written.ptr + r->at, word, length) == 0;
  r->at += there ? length : 0;
  return there;
}

static uint32_t four_hex(Reader *r) {
  uint32_t unit = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    int c = peek(r);
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0) {
      refuse(r, "an escape without four hexadecimal digits");
    }
    unit = unit << 4 | (uint32_t)digit;
  }
  return unit;
}

static size_t put_utf8(uint32_t c, uint8_t *to) {
  if (c < 0x80) {
    to[0] = (uint8_t)c;
    return 1;
  }
  size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  for (size_t i = more; i > 0; i--, c >>= 6) {
    to[i] = (uint8_t)(0x80 | (c & 0x3f));
  }
  to[0] = (uint8_t)((0xf0 << (3 - more)) | c);
  return more + 1;
}

static uint32_t escaped(Reader *r) {
  int c = peek(r);
  r->at++;
  switch (c) {
  case '"':
  case '\\':
  case '/':
    return (uint32_t)c;
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'u':
    break;
  default:
    refuse(r, "an unknown escape");
  }
  uint32_t unit = four_hex(r);
  if (unit >= 0xd800 && unit < 0xdc00 && take_word(r, "\\u")) {
    uint32_t low = four_hex(r);
    if (low >= 0xdc00 && low < 0xe000) {
      return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  if (unit >= 0xd800 && unit < 0xe000) {
    refuse(r, "half a surrogate pair");
  }
  return unit;
}

static Text string(Reader *r) {
  expect(r, '"', "a missing `\"`");
  // What an escape stands for is never longer than the escape.
  Text read = {.ptr = malloc(r->written.len - r->at), .len = 0};
  for (;;) {
    int c = peek(r);
    if (c < ' ') {
      refuse(r, "a string without end");
    }
    r->at++;
    if (c == '"') {
      return read;
    }
    if (c == '\\') {
      read.len += put_utf8(escaped(r), read.ptr + read.len);
    } else {
      read.ptr[read.len++] = (uint8_t)c;
    }
  }
}

static Json number(Reader *r) {
  size_t start = r->at;
  for (int c = peek(r); (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || (c | 32) == 'e'; c = peek(r)) {
    r->at++;
  }
  Json json = {.kind = JSON_NUMBER};
  Text digits = {.ptr = r->written.ptr + start, .len = r->at - start};
  if (!read_number(digits, &json.number) || !isfinite(json.number)) {
    refuse(r, "what is no number");
  }
  return json;
}

typedef struct Member {
  Text name;
  Json value;
} Member;

static int by_name(const void *a, const void *b) {
  return text_order(((const Member *)a)->name, ((const Member *)b)->name);
}

// Of members with one name the last counts.
static Json object(Reader *r) {
  size_t count = 0, room = 0;
  Member *members = NULL;
  if (!take(r, '}')) {
    do {
      if (count == room) {
        room = room == 0 ? 8 : 2 * room;
        members = realloc(members, room * sizeof(Member));
      }
      members[count].name = string(r);
      expect(r, ':', "a missing `:`");
      members[count++].value = value(r);
    } while (take(r, ','));
    expect(r, '}', "a missing `}`");
  }
  qsort(members, count, sizeof(Member), by_name);
  Json *items = malloc(count * sizeof(Json));
  Text *names = malloc(count * sizeof(Text));
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    kept -= kept > 0 && text_is(names[kept - 1], members[i].name);
    items[kept] = members[i].value;
    names[kept++] = members[i].name;
  }
  return (Json){.kind = JSON_OBJECT, .len = kept, .items = items, .names = names};
}

static Json array(Reader *r) {
  size_t count = 0, room = 0;
  Json *items = NULL;
  if (!take(r, ']')) {
    do {
      if (count == room) {
        room = room == 0 ? 8 : 2 * room;
        items = realloc(items, room * sizeof(Json));
      }
      items[count++] = value(r);
    } while (take(r, ','));
    expect(r, ']', "a missing `]`");
  }
  return (Json){.kind = JSON_ARRAY, .len = count, .items = items};
}

static Json value(Reader *r) {
  skip_space(r);
  if (++r->depth > DEEPEST) {
    refuse(r, "too many levels");
  }
  Json json;
  if (peek(r) == '"') {
    json = (Json){.kind = JSON_TEXT, .text = string(r)};
  } else if (take(r, '{')) {
    json = object(r);
  } else if (take(r, '[')) {
    json = array(r);
  } else if (take_word(r, "null")) {
    json = (Json){.kind = JSON_NULL};
  } else if (take_word(r, "true")) {
    json = (Json){.kind = JSON_BOOLEAN, .boolean = true};
  } else if (take_word(r, "false")) {
    json = (Json){.kind = JSON_BOOLEAN, .boolean = false};
  } else {
    json = number(r);
  }
  r->depth--;
  return json;
}

const Json *json_parse(Text written) {
  Reader reader = {.written = written};
  Json *json = malloc(sizeof(Json));
  *json = value(&reader);
  skip_space(&reader);
  if (reader.at != written.len) {
    refuse(&reader, "more than one value");
  }
  return json;
}

// The parameters as a rule asks for them.

bool json_absent(const Json *json) { return json == NULL || json->kind == JSON_NULL; }

static const char *const KINDS[] = {"null", "a boolean", "a number", "a text", "an array", "an object"};

static void require(const Json *json, JsonKind kind) {
  if (json->kind != kind) {
    say("a parameter is %s where the rule wants %s: the schema should refuse it", KINDS[json->kind], KINDS[kind]);
    abort();
  }
}

const Json *json_find(const Json *object, Text name) {
  if (json_absent(object)) {
    return NULL;
  }
  require(object, JSON_OBJECT);
  Texts names = {.ptr = (Text *)object->names, .len = object->len};
  uint32_t row;
  return text_find(names, name, &row) ? &object->items[row] : NULL;
}

const Json *json_member(const Json *object, const char *name) { return json_find(object, text(name)); }

double json_number(const Json *json, double otherwise) {
  if (json_absent(json)) {
    return otherwise;
  }
  require(json, JSON_NUMBER);
  return json->number;
}

bool json_boolean(const Json *json, bool otherwise) {
  if (json_absent(json)) {
    return otherwise;
  }
  require(json, JSON_BOOLEAN);
  return json->boolean;
}

Text json_text(const Json *json, Text otherwise) {
  if (json_absent(json)) {
    return otherwise;
  }
  require(json, JSON_TEXT);
  return json->text;
}

size_t json_len(const Json *json) { return json_absent(json) ? 0 : json->len; }
