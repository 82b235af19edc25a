"use strict";
// All text is set through textContent, so that no part of a payload becomes markup.

const PERIOD = 1000;
const NEXT = { not_started: [["in_progress", "Answer"], ["error", "Fail"]], in_progress: [["ended", "Hang up"], ["error", "Fail"]] };
const byId = (id) => document.getElementById(id);

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch("/_simulator/" + path, options);
  const content = await response.json();
  if (!response.ok) throw new Error(content.detail);
  return content;
}

function say(text, bad) {
  byId("said").textContent = text;
  byId("said").classList.toggle("bad", Boolean(bad));
}

function put(element, text, ...classes) {
  if (element.textContent !== text) element.textContent = text;
  element.className = classes.join(" ");
}

function element(tag, text, ...classes) {
  const made = document.createElement(tag);
  put(made, text, ...classes);
  return made;
}

const words = (name) => (name === null ? "–" : name.replace(/^event_/, "").replaceAll("_", " "));
const dots = (text) => (text === null ? "–" : text.replace(/^<\w+ (\w{4})\w*>$/, "•••• #$1"));
const short = (id) => id.slice(0, 8);
const seconds = (time) => (time === null ? null : typeof time === "number" ? time : Date.parse(time) / 1000);
const clock = (time) => (time === null ? "–" : new Date(time * 1000).toISOString().slice(11, 19));

function lasted(call, now) {
  const start = seconds(call.start_time);
  if (start === null) return "–";
  const total = Math.max(0, Math.floor((seconds(call.end_time) ?? now) - start));
  return Math.floor(total / 60) + ":" + String(total % 60).padStart(2, "0");
}

function cellsOf({ call, scenario }, now) {
  return [
    [words(call.status), "status", call.status],
    [scenario ?? "initial call", ...(scenario ? [] : ["soft"])],
    [dots(call.to_number), "mono", "soft"],
    [clock(seconds(call.start_time))],
    [lasted(call, now)],
    [call.human_detection_result === null ? "–" : call.human_detection_result === "human" ? "person" : "machine"],
    [words(call.stage_outcome ?? null)],
    [call.recording_available ? "yes" : "–"],
    [short(call.id), "mono", "soft"],
  ];
}

// Rows are kept and changed, so that a button that has the focus stays the same button.
function showCall(row, entry, now) {
  const cells = cellsOf(entry, now);
  while (row.children.length <= cells.length) row.append(element("td", ""));
  cells.forEach(([text, ...classes], index) => put(row.children[index], text, ...classes));
  const last = row.children[cells.length];
  const key = entry.scenario ? entry.call.status : "";
  if (last.dataset.key === key) return;
  last.dataset.key = key;
  last.replaceChildren(
    ...(key ? NEXT[key] ?? [] : []).map(([status, label]) => {
      const button = element("button", label);
      button.type = "button";
      button.setAttribute("aria-label", label + " call " + short(entry.call.id));
      button.addEventListener("click", () => act("next", { id: entry.call.id, status }, label + ": " + short(entry.call.id)));
      return button;
    }),
  );
}

function showCalls(entries, now) {
  // The contract of 2023 knows no outcome.
  document.querySelector("table").classList.toggle("plain", entries.every(({ call }) => call.stage_outcome === undefined));
  const body = byId("calls");
  const rows = new Map([...body.children].map((row) => [row.dataset.id, row]));
  entries.forEach((entry, index) => {
    const row = rows.get(entry.call.id) ?? document.createElement("tr");
    rows.delete(entry.call.id);
    row.dataset.id = entry.call.id;
    showCall(row, entry, now);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  for (const row of rows.values()) row.remove();
}

function showLog(list, entries) {
  const key = JSON.stringify(entries);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...entries.map((parts) => {
      const item = document.createElement("li");
      item.append(...parts.map(([text, ...classes]) => element("span", text, ...classes)));
      return item;
    }),
  );
}

async function refresh() {
  const parts = ["state", "calls", "events", "requests", "deliveries"];
  const [state, calls, events, requests, deliveries] = await Promise.all(parts.map((path) => ask(path)));
  const now = seconds(state.now);
  put(byId("contract"), state.contract);
  put(byId("now"), state.now.slice(0, 10) + " " + clock(now));
  put(byId("speed"), state.speed === 0 ? "manual" : "× " + state.speed);
  put(byId("armed"), state.armed.join(", ") || "none");
  showCalls(calls.calls, now);
  showLog(byId("events"), events.events.reverse().map((event) => [
    [clock(seconds(event.at)), "soft"], [words(event.type) + (event.payload ? ": " + words(event.payload.result) : "")], [short(event.call_id), "mono", "soft"],
  ]));
  showLog(byId("requests"), requests.requests.map((request) => [
    [clock(seconds(request.at)), "soft"], [request.method + " " + request.path, "mono"], [String(request.status), request.status < 400 ? "in_progress" : "error"],
  ]));
  showLog(byId("deliveries"), deliveries.deliveries.map((attempt) => [
    [words(attempt.label)], [attempt.url, "mono", "soft"], [attempt.attempt > 1 ? "attempt " + attempt.attempt : ""],
    [attempt.outcome + (attempt.status === null ? "" : " " + attempt.status) + (attempt.note ? ": " + attempt.note : ""), attempt.outcome === "delivered" ? "in_progress" : "error"],
    [short(attempt.call_id), "mono", "soft"],
  ]));
}

async function act(path, body, done) {
  try {
    await ask(path, body);
    say(done);
    await refresh();
  } catch (error) {
    say(error.message, true);
  }
}

async function live() {
  try {
    await refresh();
    if (byId("said").textContent.startsWith("No response")) say("");
  } catch {
    say("No response: the simulator has stopped or is restarting.", true);
  }
  setTimeout(live, PERIOD);
}

async function start() {
  byId("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    const scenario = byId("scenario").value;
    act("calls", { scenario }, "Placed a call: " + scenario);
  });
  for (const button of document.querySelectorAll("[data-advance]"))
    button.addEventListener("click", () => act("clock", { advance: Number(button.dataset.advance) }, "Advanced the clock: " + button.textContent));
  byId("reset").addEventListener("click", () => act("reset", {}, "Restored the initial state"));
  live();
  const { scenarios } = await ask("names");
  byId("scenario").replaceChildren(
    ...scenarios.map(({ name, summary }) => {
      const option = element("option", name + ": " + summary);
      option.value = name;
      return option;
    }),
  );
}

start().catch((error) => say(error.message, true));
