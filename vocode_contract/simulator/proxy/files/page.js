"use strict";
// All text is set through textContent, so that no part of a message becomes markup.

const PERIOD = 1000;
const STYLES = { conforms: "in_progress", violates: "error", inconclusive: "not_started" };
const byId = (id) => document.getElementById(id);

function cell(text, ...classes) {
  const made = document.createElement("td");
  made.textContent = text;
  made.className = classes.join(" ");
  return made;
}

function rowOf(seen) {
  const row = document.createElement("tr");
  row.append(
    cell(seen.at.slice(11, 19), "soft"),
    cell(seen.request, "mono"),
    cell(seen.verdict.replaceAll("-", " "), "status", STYLES[seen.verdict] ?? "ended"),
    cell((seen.seconds * 1000).toFixed(0) + " ms"),
    cell(seen.found.join("\n"), "found"),
  );
  return row;
}

let known = "";

async function refresh() {
  const text = await (await fetch("/_proxy/exchanges")).text();
  if (text === known) return;
  known = text;
  const state = JSON.parse(text);
  for (const name of ["server", "contract", "total", "violating"]) byId(name).textContent = String(state[name]);
  byId("exchanges").replaceChildren(...state.exchanges.map(rowOf));
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
