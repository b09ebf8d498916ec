"use strict";
// The page is whole without this: it adds searching and sorting to the table of payees.
(() => {
  const table = document.getElementById("payees");
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((row) => ({
    row,
    text: row.cells[0].textContent.toLowerCase(),
    // Exact base units: amounts can be larger than a number holds.
    values: [...row.cells].map((cell, column) =>
      column === 0 ? cell.textContent.toLowerCase() : BigInt(cell.querySelector("data").value)),
  }));

  const sort = (column, ascending) => {
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    rows.sort((a, b) => (ascending ? 1 : -1) * compare(a.values[column], b.values[column]));
    body.append(...rows.map(({ row }) => row));
    headers.forEach((header, index) =>
      header.setAttribute("aria-sort", index !== column ? "none" : ascending ? "ascending" : "descending"));
  };
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    if (!header.hasAttribute("aria-sort")) header.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const sorted = header.getAttribute("aria-sort");
      // Names begin at A, amounts at the largest.
      sort(column, sorted === "none" ? column === 0 : sorted === "descending");
    });
  });

  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const all = shown.textContent;
  search.parentElement.hidden = false;
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let found = 0;
    for (const { row, text } of rows) {
      row.hidden = !text.includes(wanted);
      if (!row.hidden) found += 1;
    }
    shown.textContent = wanted === "" ? all : `${found} of ${all}`;
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      search.dispatchEvent(new Event("input"));
    }
  });
})();
