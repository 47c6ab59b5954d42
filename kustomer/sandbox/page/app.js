// The page polls every second. After a failed poll, it tries again.
const every = 1000;
const $ = (id) => document.getElementById(id);

let initial = "";       // the newest conversation at the start, shown until the user chooses one
let shownDetail = "";   // the content of the detail, to redraw it only after a change
const rows = new Map(); // conversation id → its list entry

const chosen = () => location.hash.slice(1) || initial;

// el builds an element. Children that are strings become text nodes, never markup.
function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function age(from, now) {
  const s = Math.max(0, Math.round((new Date(now) - new Date(from)) / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

function clock(at) {
  const date = new Date(at);
  const node = el("time", "", date.toLocaleTimeString([], { hour12: false }));
  node.dateTime = at;
  node.title = date.toLocaleString();
  return node;
}

function chips(tags) {
  const kinds = { call_lost: "lost", call_answered: "answered" };
  return tags.map((name) => el("span", `chip ${kinds[name] ?? ""}`, name));
}

// pills shows the status, and whether the conversation was merged or deleted.
function pills(c) {
  const labels = [c.status, c.mergedInto && "merged", c.deleted && "deleted"].filter(Boolean);
  return el("span", "pills", ...labels.map((label) => el("span", `pill ${label}`, label)));
}

function linkTo(id, className, ...children) {
  const link = el("a", className, ...children);
  link.href = `#${id}`;
  return link;
}

function figure(label, value, className) {
  return el("div", className, el("dt", "", label), el("dd", "", value));
}

function showFigures(v) {
  const active = v.faults.filter((f) => f.active);
  const faults = figure("Faults active", String(active.length), active.length ? "alert" : "");
  faults.title = active.map((f) => `${f.kind} ${f.method} ${f.route}`.trim()).join("\n");
  const used = v.budgetLimit - v.budgetRemaining;
  const figures = [
    figure("Conversations", String(v.conversations)),
    figure("Customers", String(v.customers)),
    figure("Requests this minute", String(used)),
    figure("Budget left", `${v.budgetRemaining} of ${v.budgetLimit}`, v.budgetRemaining < v.budgetLimit / 10 ? "alert" : ""),
    faults,
  ];
  if (!v.keyValid) figures.push(figure("API key", "invalid", "alert"));
  $("figures").replaceChildren(...figures);
}

function listEntry(row) {
  return linkTo(row.id, "row",
    el("span", "title", row.name || "(no name)"),
    el("span", "age"),
    el("span", "who", row.assignees.join(", ") || "Unassigned"),
    pills(row),
    el("span", "tags", ...chips(row.tags)));
}

function flash(node) {
  node.classList.add("flash");
  node.addEventListener("animationend", () => node.classList.remove("flash"), { once: true });
}

function showList(v) {
  const justOpened = rows.size === 0; // at the start, every row is new and none flashes
  const entries = v.rows.map((row) => {
    const content = JSON.stringify(row);
    let known = rows.get(row.id);
    if (known?.content !== content) {
      const node = listEntry(row);
      if (!justOpened) flash(node);
      known?.node.replaceWith(node);
      known = { content, node };
      rows.set(row.id, known);
    }
    known.node.querySelector(".age").textContent = age(row.createdAt, v.now);
    if (row.id === chosen()) known.node.setAttribute("aria-current", "true");
    else known.node.removeAttribute("aria-current");
    return known.node;
  });
  const kept = new Set(v.rows.map((row) => row.id));
  for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id);
  if (v.conversations > entries.length) {
    entries.push(el("p", "more", `Showing the newest ${entries.length} of ${v.conversations}.`));
  }
  // Moving a node drops its focus and restarts its flash, so only misplaced nodes move.
  const list = $("list");
  entries.forEach((node, i) => {
    if (list.children[i] !== node) list.insertBefore(node, list.children[i] ?? null);
  });
  while (list.children.length > entries.length) list.lastChild.remove();
}

function attributeValue(name, value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null) return "–";
  if (typeof value === "object") return JSON.stringify(value);
  if (name.endsWith("At")) return new Date(value).toLocaleString([], { hour12: false });
  // Any other scheme in a value from a caller could run code.
  if (/^https?:\/\//.test(value)) {
    const link = el("a", "", value);
    link.href = value;
    link.rel = "noopener noreferrer";
    return link;
  }
  return String(value);
}

function properties(entries) {
  return el("dl", "properties", ...entries.flatMap(([name, value]) => [el("dt", "", name), el("dd", "", value)]));
}

// message shows a message as the agents' timeline does: numbers and times, then the other values.
function message(m) {
  const { from, to, placedAt, answeredAt, endedAt, ...rest } = m.meta;
  const icon = el("span", `icon ${m.channel}`);
  icon.role = "img";
  icon.ariaLabel = `${m.channel}, ${m.direction === "out" ? "outbound" : "inbound"}`;
  const sides = [from, to].filter((side) => side !== undefined).map((side) => attributeValue("", side)).join(" → ");
  const more = [...Object.entries({ placedAt, answeredAt, endedAt }), ...Object.entries(rest).sort()]
    .filter(([, value]) => value !== undefined).map(([name, value]) => [name, attributeValue(name, value)]);
  return [
    el("p", "message", icon, el("span", "subject", m.subject || m.channel), el("span", "", sides), el("span", "pill", m.status)),
    ...(m.preview ? [el("p", "body", m.preview)] : []),
    ...(more.length ? [properties(more)] : []),
    el("span", "id", m.externalId),
  ];
}

const note = (n) => [el("p", "body", n.body), el("span", "id", n.externalId)];

// entriesOf returns messages and notes in chronological order.
function entriesOf(c) {
  const entries = [
    ...c.messages.map((m) => ({ at: m.sentAt, show: () => message(m) })),
    ...c.notes.map((n) => ({ at: n.createdAt, show: () => note(n) })),
  ];
  return entries.sort((a, b) => new Date(a.at) - new Date(b.at));
}

function timeline(entries, text) {
  return el("ol", "timeline", ...entries.map((e) => el("li", "", clock(e.at), el("div", "entry", ...text(e)))));
}

function section(title, ...children) {
  return el("section", "", el("h3", "", title), ...children);
}

function backLink() {
  return linkTo("", "back", "← All conversations");
}

function detail(c) {
  const custom = Object.entries(c.custom).sort().map(([name, value]) => [name, attributeValue(name, value)]);
  const entries = entriesOf(c);
  return [
    backLink(),
    el("div", "heading", el("h2", "", c.name || "(no name)"), pills(c)),
    el("p", "tags", ...chips(c.tags)),
    properties([
      ["Customer", c.customer.name || "(no name)"],
      ["Phone", c.customer.phones.join(", ") || "–"],
      ...(c.customer.sharedPhones.length ? [["Shared phone", c.customer.sharedPhones.join(", ")]] : []),
      ["Assigned to", c.assignees.join(", ") || "Unassigned"],
      ["Direction", c.direction === "out" ? "outbound" : "inbound"],
      ["Priority", c.priority ? String(c.priority) : "–"],
      ["Created", new Date(c.createdAt).toLocaleString([], { hour12: false })],
      ["External id", c.externalId || "–"],
      ["Id", c.id],
      ["Revision", String(c.rev)],
      ...(c.mergedInto ? [["Merged into", linkTo(c.mergedInto, "", c.mergedInto)]] : []),
    ]),
    section("Attributes", custom.length ? properties(custom) : el("p", "none", "None set.")),
    section(`Timeline (${entries.length})`, entries.length ? timeline(entries, (e) => e.show()) : el("p", "none", "Nothing yet.")),
    section("Changes", timeline(c.log, (change) => [change.what])),
  ];
}

function showDetail(v) {
  const content = JSON.stringify([chosen(), v.selected]);
  if (content === shownDetail) return;
  shownDetail = content;
  if (v.selected) $("detail").replaceChildren(...detail(v.selected));
  else $("detail").replaceChildren(backLink(), el("p", "none", "This conversation is not in the sandbox."));
}

function show(v) {
  showFigures(v);
  showList(v);
  showDetail(v);
  const nothing = v.conversations === 0;
  $("empty").hidden = !nothing;
  $("list").hidden = $("detail").hidden = nothing;
  // A narrow screen shows either the list or the detail.
  document.body.classList.toggle("chosen", location.hash.length > 1);
}

async function poll() {
  const asked = chosen();
  const answer = await fetch(`/sandbox/view?id=${encodeURIComponent(asked)}`);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const v = await answer.json();
  if (!v.selected && location.hash.length <= 1 && v.rows.length) {
    initial = v.rows[0].id;
  }
  if (asked !== chosen()) return poll(); // another conversation was chosen during the request
  show(v);
}

let polling = false;
async function refresh() {
  if (polling) return;
  polling = true;
  try {
    await poll();
    $("trouble").hidden = true;
  } catch (trouble) {
    $("trouble").textContent = `The sandbox does not answer (${trouble.message}). Trying again.`;
    $("trouble").hidden = false;
  } finally {
    polling = false;
  }
}

for (const node of document.querySelectorAll(".origin")) node.textContent = location.origin;
addEventListener("hashchange", refresh);
setInterval(refresh, every);
refresh();
