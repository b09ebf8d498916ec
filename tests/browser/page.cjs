// Holds the pages in a folder against the JSON beside them, in a browser. Usage: node page.cjs FOLDER [SCREENSHOTS]
"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [folder, screenshots] = process.argv.slice(2);
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 900 };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Opens a page and notes everything that should not happen. */
async function open(browser, name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const surprises = [];
  const address = pathToFileURL(path.join(folder, `${name}.html`)).href;
  page.on("console", (message) => surprises.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => surprises.push(`error: ${error}`));
  page.on("dialog", (dialog) => { surprises.push("a dialog"); dialog.dismiss(); });
  page.on("request", (request) => {
    if (request.url() !== address && request.url() !== "data:,") surprises.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return { page, surprises, context };
}

/** An amount as the page spells it: grouped, two decimals, half up. */
function spelled(units, decimals) {
  const digits = Math.min(2, decimals);
  const step = 10n ** BigInt(decimals - digits);
  const rounded = (BigInt(units) + step / 2n) / step;
  const text = rounded.toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  return digits === 0 ? whole : `${whole}.${text.slice(-digits)}`;
}

const rows = (page) => page.$$eval("#payees tbody tr:not([hidden])", (rows) => rows.map((row) => ({
  id: row.querySelector(".id").textContent,
  values: [...row.querySelectorAll("data")].map((data) => data.value),
  texts: [...row.querySelectorAll("data")].map((data) => data.textContent),
})));

async function numbersAreThoseOfTheJson(page, comparison) {
  const embedded = await page.$eval("#comparison", (script) => JSON.parse(script.textContent));
  assert.deepEqual(embedded, comparison, "the embedded JSON is what the program printed");
  const shown = await rows(page);
  assert.equal(shown.length, comparison.payees.length);
  const known = new Map(comparison.payees.map((payee) => [payee.payee, payee]));
  for (const { id, values, texts } of shown) {
    const payee = known.get(id);
    assert.deepEqual(values, [payee.original, payee.candidate, payee.difference], id);
    assert.equal(texts[0], spelled(payee.original, comparison.decimals));
    const sign = payee.difference === "0" ? "" : payee.difference.startsWith("-") ? "\u2212" : "+";
    assert.equal(texts[2], sign + spelled(payee.difference.replace("-", ""), comparison.decimals));
  }
  const figures = await page.$$eval(".figures div", (all) => all.map((one) => one.textContent));
  assert.ok(figures.some((text) => text.includes(spelled(comparison.totals.changes_hands, comparison.decimals))));
  assert.ok(figures.some((text) => text.includes(`${comparison.statistics.gain} payee`)));
}

async function searchAndSortWorkByKeyboard(page, comparison) {
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // the link that leads past everything to the table
  let reached = false;
  for (let presses = 0; presses < 10 && !reached; presses += 1) {
    await page.keyboard.press("Tab");
    reached = await page.evaluate(() => document.activeElement.id === "search");
  }
  assert.ok(reached, "the search is reached by Tab");
  const wanted = comparison.payees[1].payee;
  await page.keyboard.type(wanted);
  assert.deepEqual((await rows(page)).map((row) => row.id), [wanted]);
  assert.match(await page.textContent("#shown"), /^1 of /);
  await page.keyboard.press("Escape");
  assert.equal((await rows(page)).length, comparison.payees.length);

  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Then/);
  for (const direction of ["descending", "ascending"]) {
    await page.keyboard.press("Enter");
    const amounts = (await rows(page)).map((row) => BigInt(row.values[0]));
    const sorted = [...amounts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    if (direction === "descending") sorted.reverse();
    assert.deepEqual(amounts, sorted);
    assert.equal(await page.getAttribute("#payees th:nth-child(2)", "aria-sort"), direction);
  }
}

async function nothingIsWiderThanTheScreen(page) {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth, screen: window.screen.width,
  }));
  assert.ok(content <= screen, `the page is ${content} wide on a screen of ${screen}`);
}

/** No amount is broken into two lines. */
async function numbersAreWhole(page) {
  const broken = await page.$$eval("td data", (all) => all.filter((one) => one.getClientRects().length > 1).length);
  assert.equal(broken, 0, `${broken} amounts are broken into lines`);
}

/** WCAG 2: at least 4.5 to 1 for text. */
async function textCanBeRead(page) {
  const ratio = await page.evaluate(() => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g).map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = light(getComputedStyle(document.body).backgroundColor);
    const selectors = ["body", ".minor", ".more", ".less", "summary"];
    const ratios = selectors.filter((one) => document.querySelector(one)).map((selector) => {
      const ink = light(getComputedStyle(document.querySelector(selector)).color);
      return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    });
    return Math.min(...ratios);
  });
  assert.ok(ratio >= 4.5, `a text has a contrast of ${ratio}`);
}

async function shot(page, name) {
  if (screenshots) await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
}

async function check(browser, name) {
  const comparison = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), "utf8")).comparison;
  const desktop = await open(browser, name, { viewport: DESKTOP, colorScheme: "light" });
  await shot(desktop.page, `${name}-desktop`);
  const title = await desktop.page.title();
  await numbersAreThoseOfTheJson(desktop.page, comparison);
  await textCanBeRead(desktop.page);
  await searchAndSortWorkByKeyboard(desktop.page, comparison);
  await desktop.page.hover("#payees tbody tr:last-child");
  assert.equal(await desktop.page.title(), title);
  assert.equal(await desktop.page.$$eval("img, b, body [onerror], body [onmouseover]", (all) => all.length), 0);

  const phone = await open(browser, name, { viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await nothingIsWiderThanTheScreen(phone.page);
  await phone.page.$$eval("details", (all) => all.forEach((one) => { one.open = true; }));
  await nothingIsWiderThanTheScreen(phone.page);
  await numbersAreWhole(phone.page);
  await shot(phone.page, `${name}-phone`);

  const dark = await open(browser, name, { viewport: DESKTOP, colorScheme: "dark" });
  const [r, g, b] = await dark.page.evaluate(() =>
    getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
  assert.ok(r + g + b < 150, "the page is dark");
  await textCanBeRead(dark.page);
  await shot(dark.page, `${name}-dark`);

  const plain = await open(browser, name, { viewport: DESKTOP, javaScriptEnabled: false });
  assert.equal(await plain.page.locator("#payees tbody tr").count(), comparison.payees.length);
  assert.equal(await plain.page.locator("#search").isVisible(), false, "no search without scripts");

  for (const { surprises, context } of [desktop, phone, dark, plain]) {
    assert.deepEqual(surprises, []);
    await context.close();
  }
  console.log(`ok: ${name}: ${comparison.payees.length} payees, ${comparison.epochs.length} epochs`);
}

/** The page of an explanation: read on any screen, without surprises. */
async function checkExplanation(browser, name) {
  for (const [look, options] of Object.entries({
    desktop: { viewport: DESKTOP, colorScheme: "light" },
    phone: { viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
    dark: { viewport: DESKTOP, colorScheme: "dark" },
  })) {
    const { page, surprises, context } = await open(browser, name, options);
    await page.$$eval("details", (all) => all.forEach((one) => { one.open = true; }));
    await nothingIsWiderThanTheScreen(page);
    await textCanBeRead(page);
    await shot(page, `${name}-${look}`);
    assert.deepEqual(surprises, []);
    await context.close();
  }
  console.log(`ok: ${name}`);
}

(async () => {
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: FLAGS, headless: true });
  try {
    for (const name of ["months", "hostile"]) await check(browser, name);
    await checkExplanation(browser, "explanation");
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
