// A link unfolds what it leads to, and what that is folded into.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const inside = target.querySelector("details");
  if (inside) inside.open = true;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
for (const button of document.querySelectorAll("#filter button")) {
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", shown);
    for (const row of document.querySelectorAll("#claims ~ .scroll tr[data-verdict]")) {
      if (row.dataset.verdict === button.dataset.verdict) row.hidden = !shown;
    }
  });
}

// The heading of a column sorts by it, and once more the other way.
const FACTORS = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

function key(cell) {
  const text = cell.textContent.trim();
  const found = text.match(/^C?(-?[\d,.]*\d)\s?([kMGTP])?/);
  return found ? Number(found[1].replace(/,/g, "")) * (FACTORS[found[2]] ?? 1) : text;
}

function compare(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return typeof a === "number" ? a - b : a.localeCompare(b);
}

function sort(heading, column) {
  const ascending = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const body = heading.closest("table").tBodies[0];
  const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
  rows.sort(([a], [b]) => (ascending ? compare(a, b) : compare(b, a)));
  body.append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const [column, heading] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(heading, column));
  }
}
