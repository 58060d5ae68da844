// The job as a picture: tables, operators and sinks in columns from left to right, on a narrow screen from top to bottom.

const BOX = { width: 176, height: 66, across: 44, along: 16 };

// Which column each node is in: one more than the last of those before it.
function columnsOf(job) {
  const columns = job.nodes.map(() => 0);
  for (let round = 0; round < job.nodes.length; round++) {
    let hasChanged = false;
    for (const [from, to] of job.edges) {
      if (columns[to] <= columns[from]) {
        columns[to] = columns[from] + 1;
        hasChanged = true;
      }
    }
    if (!hasChanged) break;
  }
  return columns;
}

function placesOf(job, isNarrow) {
  const columns = columnsOf(job);
  const used = new Map();
  const places = columns.map((column) => {
    const row = used.get(column) || 0;
    used.set(column, row + 1);
    return isNarrow
      ? { x: 12 + row * (BOX.width + 14), y: 12 + column * (BOX.height + 30) }
      : { x: 12 + column * (BOX.width + BOX.across), y: 12 + row * (BOX.height + BOX.along) };
  });
  return places;
}

// What a node says below its name, and how full it is.
function saysOf(node, job, history) {
  const ledgerOf = (status, kind, name = node.name) => {
    const found = status.jobs.find((other) => other.number === job.number);
    return (found && found.ledger[kind][name]) || {};
  };
  const rate = (kind, count) => short(history.rate((status) => ledgerOf(status, kind)[count] || 0));
  if (node.kind === "source") {
    const watermark = ledgerOf(history.last, "sources").watermark_ms;
    const second = watermark === undefined ? node.detail || "" : `watermark ${span(history.last.now_ms - watermark)} behind`;
    return { lines: [`${rate("sources", "records")} records/s`, second], full: job.in_flight_bytes / job.in_flight_limit_bytes };
  }
  if (node.kind === "sink") {
    const sink = history.last.sinks.find(
      (other) => other.labels.table === node.name && other.labels.job_number === String(job.number));
    const full = sink ? sink.queued / sink.limit : null;
    const second = sink ? `queues ${Math.round(full * 100)} % full` : node.detail || "";
    return { lines: [`${rate("tables", "rows")} rows/s`, second], full };
  }
  const [first, last] = [node.operators[0], node.operators.at(-1)];
  const each = node.operators.map((name) => ledgerOf(history.last, "operators", name));
  const all = (count) => sum(each.map((operator) => operator[count] || 0));
  const says = [];
  if (all("state_bytes") > 0) says.push(`${whole(all("state_entries"))} kept, ${bytes(all("state_bytes"))}`);
  for (const count of ["late", "failed", "filtered"]) if (all(count) > 0) says.push(`${whole(all(count))} ${count}`);
  const rateOf = (name, count) => short(history.rate((status) => ledgerOf(status, "operators", name)[count] || 0));
  return { lines: [`${rateOf(first, "rows_in")} → ${rateOf(last, "rows_out")} rows/s`, says.join("; ")] };
}

function picture(job, history) {
  const isNarrow = window.innerWidth < 700;
  const places = placesOf(job, isNarrow);
  const width = Math.max(...places.map((place) => place.x)) + BOX.width + 12;
  const height = Math.max(...places.map((place) => place.y)) + BOX.height + 12;
  const title = `Job ${job.number}: ${job.nodes.map((node) => node.name).join(", ")}`;
  const svg = element("svg:svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const [from, to] of job.edges) {
    const [a, b] = [places[from], places[to]];
    const way = isNarrow
      ? [a.x + BOX.width / 2, a.y + BOX.height, b.x + BOX.width / 2, b.y]
      : [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2];
    const [x1, y1, x2, y2] = way;
    const bend = isNarrow
      ? `C ${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`
      : `C ${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
    svg.append(element("svg:path", { d: `M ${x1} ${y1} ${bend}` }));
  }
  job.nodes.forEach((node, at) => {
    const { x, y } = places[at];
    const { lines, full } = saysOf(node, job, history);
    svg.append(element("svg:rect", { x, y, width: BOX.width, height: BOX.height, rx: 8, class: `node ${node.kind}` }));
    if (full !== null && full !== undefined) {
      const share = Math.min(1, full);
      svg.append(element("svg:rect", {
        x: x + 1, y: y + BOX.height - 6, width: Math.max(0, (BOX.width - 2) * share), height: 5, rx: 2,
        class: share > 0.9 ? "fill full" : "fill",
      }));
    }
    const text = (line, dy, name) => {
      const most = 26;
      const cut = line.length > most ? `${line.slice(0, most - 1)}…` : line;
      const made = element("svg:text", { x: x + 10, y: y + dy, class: name }, cut);
      if (cut !== line) made.append(element("svg:title", {}, line));
      svg.append(made);
    };
    text(node.name, 20, "name");
    text(lines[0], 38, "");
    text(lines[1] || "", 54, "soft");
  });
  return element("div", { class: "picture", tabindex: "0", "aria-label": title }, svg);
}
