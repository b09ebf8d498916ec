// Every payee is paid what it earned over all epochs and was not paid yet: an example of a rule that remembers.

#include "apportion.h"

static const char schema[] = {
#embed "parameters.json"
    , 0};

const Policy policy = {
    .name = "arrears",
    .version = "0.1.0",
    .summary = "Every payee what it earned over all epochs and was not paid yet, in the order of payees, as long as the "
               "pool lasts.",
    .parameters = schema,
    .stateful = true,
};

// What a payee earned so far, in base units.
typedef struct Account {
  Text payee;
  Amount earned;
} Account;

typedef struct Accounts {
  Account *ptr;
  size_t len;
} Accounts;

// An account in the carry: the length of the payee's id in 2 bytes, the id, and what it earned in 16, smallest first.
enum { LENGTH = 2, EARNED = 16 };

static Accounts read_accounts(Bytes carry, size_t room) {
  Accounts accounts = {.ptr = calloc(carry.len / (LENGTH + EARNED) + room, sizeof(Account))};
  for (const uint8_t *at = carry.ptr, *end = carry.ptr + carry.len; at < end;) {
    Account *account = &accounts.ptr[accounts.len++];
    account->payee = (Text){.ptr = (uint8_t *)at + LENGTH, .len = (size_t)at[0] | (size_t)at[1] << 8};
    at += LENGTH + account->payee.len;
    memcpy(&account->earned, at, EARNED);
    at += EARNED;
  }
  return accounts;
}

static Bytes written(Accounts accounts) {
  size_t len = 0;
  for (size_t row = 0; row < accounts.len; row++) {
    len += LENGTH + accounts.ptr[row].payee.len + EARNED;
  }
  Bytes carry = {.ptr = malloc(len), .len = len};
  uint8_t *at = carry.ptr;
  for (size_t row = 0; row < accounts.len; row++) {
    Account account = accounts.ptr[row];
    *at++ = (uint8_t)account.payee.len;
    *at++ = (uint8_t)(account.payee.len >> 8);
    memcpy(at, account.payee.ptr, account.payee.len);
    at += account.payee.len;
    memcpy(at, &account.earned, EARNED);
    at += EARNED;
  }
  return carry;
}

// A payee's account, which is opened if there is none: there is room for one of every payee.
static Account *account_of(Accounts *accounts, Text payee) {
  for (size_t row = 0; row < accounts->len; row++) {
    if (text_is(accounts->ptr[row].payee, payee)) {
      return &accounts->ptr[row];
    }
  }
  Account *account = &accounts->ptr[accounts->len++];
  account->payee = payee;
  return account;
}

static bool reads(Label label, size_t row, Text word) { return text_is(label.words.ptr[label.rows.ptr[row]], word); }

Answer allocate(const Json *parameters) {
  Text name = json_text(json_member(parameters, "label"), text("state"));
  Text word = json_text(json_member(parameters, "word"), text("done"));
  Label nodes = {}, edges = {};
  bool has_nodes = node_label(name, &nodes), has_edges = edge_label(name, &edges);
  if (!has_nodes && !has_edges) {
    return no_answer("the epoch has no label `%.*s`", IN_FORMAT(name));
  }
  Amount wage = (uint64_t)json_number(json_member(parameters, "wage"), 1);
  for (uint32_t decimal = 0; decimal < epoch_decimals(); decimal++) {
    wage *= 10;
  }

  Texts payees = payee_ids();
  Accounts accounts = read_accounts(carried(), payees.len);
  Account **account = calloc(payees.len, sizeof(Account *));
  for (size_t payee = 0; payee < payees.len; payee++) {
    account[payee] = account_of(&accounts, payees.ptr[payee]);
  }
  Rows owner = node_payee(), target = edge_target();
  for (size_t node = 0; node < nodes.rows.len; node++) {
    if (owner.ptr[node] != NO_PAYEE && reads(nodes, node, word)) {
      account[owner.ptr[node]]->earned += wage;
    }
  }
  for (size_t edge = 0; edge < edges.rows.len; edge++) {
    uint32_t payee = owner.ptr[target.ptr[edge]];
    if (payee != NO_PAYEE && reads(edges, edge, word)) {
      account[payee]->earned += wage;
    }
  }

  Amounts before = paid(), amounts = {.ptr = calloc(payees.len, sizeof(Amount)), .len = payees.len};
  Numbers earned = new_numbers(payees.len), owed = new_numbers(payees.len);
  Amount left = epoch_pool();
  for (size_t payee = 0; payee < payees.len; payee++) {
    Amount all = account[payee]->earned, due = all > before.ptr[payee] ? all - before.ptr[payee] : 0;
    earned.ptr[payee] = (double)all;
    owed.ptr[payee] = (double)due;
    amounts.ptr[payee] = due < left ? due : left;
    left -= amounts.ptr[payee];
  }
  Answer answer = by_amount(amounts);
  measure(&answer, "earned", earned);
  measure(&answer, "owed", owed);
  carry(&answer, written(accounts));
  return answer;
}
