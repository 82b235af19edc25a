"use strict";
// All text is set through textContent, so that no part of a message becomes markup.

const PERIOD = 1000;
const STYLES = { conforms: "in_progress", violates: "error", inconclusive: "not_started" };
const byId = (id) => document.getElementById(id);

function element(tag, text, ...classes) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = classes.join(" ");
  return made;
}

function foundCell([first = "", ...others]) {
  const made = element("td", first, "found");
  if (others.length) {
    const details = document.createElement("details");
    details.append(element("summary", "and " + others.length + " more"), element("div", others.join("\n")));
    made.append(details);
  }
  return made;
}

function rowOf(seen) {
  const row = element("tr", "", seen.verdict);
  row.append(
    element("td", seen.at.slice(11, 19), "soft"),
    element("td", seen.request, "mono"),
    element("td", seen.verdict.replaceAll("-", " "), "status", STYLES[seen.verdict] ?? "ended"),
    element("td", (seen.seconds * 1000).toFixed(0) + " ms"),
    foundCell(seen.found),
  );
  return row;
}

let total = -1;

// Rows are kept, so that what is open stays open, and what has the focus keeps it.
async function refresh() {
  const state = await (await fetch("/_proxy/exchanges")).json();
  if (state.total === total) return;
  const known = state.total > total ? Math.max(total, 0) : 0; // fewer: another proxy has taken its place
  const rows = byId("exchanges");
  if (!known) rows.replaceChildren();
  rows.prepend(...state.exchanges.slice(0, state.total - known).map(rowOf));
  while (rows.children.length > state.exchanges.length) rows.lastElementChild.remove();
  total = state.total;
  for (const name of ["server", "contract", "total", "violating"]) byId(name).textContent = String(state[name]);
}

async function live() {
  try {
    await refresh();
    byId("said").textContent = byId("exchanges").children.length ? "" : "No exchange yet.";
  } catch {
    byId("said").textContent = "No response: the proxy has stopped.";
  }
  setTimeout(live, PERIOD);
}

live();
