// The ledgers, the last losses and the newest values as tables.

function table(caption, heads, rows) {
  const isNumber = (head) => head.startsWith("#");
  const head = element("tr", {}, ...heads.map((text) =>
    element("th", { scope: "col", ...(isNumber(text) ? { class: "number" } : {}) }, text.replace("#", ""))));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell, at) => {
    const [text, name] = Array.isArray(cell) ? cell : [cell, isNumber(heads[at]) ? "number" : ""];
    return element("td", name ? { class: name } : {}, typeof text === "number" ? whole(text) : text);
  })));
  const parts = [element("thead", {}, head), element("tbody", {}, ...body)];
  if (caption) parts.unshift(element("caption", {}, caption));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption || heads.join(", ").replaceAll("#", "") },
    element("table", {}, ...parts));
}

const lost = (count) => [count, count > 0 ? "number bad" : "number"];
const balance = (isEven) => (isEven ? "adds up" : ["differs", "bad"]);

function ledgers(status) {
  const made = [];
  for (const input of status.inputs) {
    made.push(table(`Input ${input.name}`, ["#records", "#undecodable"], [[input.records, lost(input.undecodable)]]));
  }
  for (const job of status.jobs) {
    const of = status.jobs.length > 1 ? `Job ${job.number}: ` : "";
    const { sources, operators } = job.ledger;
    made.push(table(`${of}tables that are read`, ["table", "#records", "#rows", "#left out", "#undecodable"],
      Object.entries(sources).map(([name, s]) => [name, s.records, s.rows, s.ignored, lost(s.undecodable)])));
    if (Object.keys(operators).length > 0) {
      made.push(table(`${of}operators`, ["operator", "#rows in", "#passed", "#filtered", "#aggregated", "#held", "#late", "#failed", "#rows out", "#state"],
        Object.entries(operators).map(([name, o]) => [
          name, o.rows_in, o.passed, o.filtered, o.aggregated || 0, o.held || 0, lost(o.late || 0), lost(o.failed), o.rows_out,
          o.state_bytes ? bytes(o.state_bytes) : "",
        ])));
    }
    made.push(table(`${of}tables that are written`, ["table", "#rows", "#not taken"],
      Object.entries(job.ledger.tables).map(([name, t]) => [name, t.rows, lost(t.unwritten || 0)])));
  }
  if (status.sinks.length > 0) {
    made.push(table("Samples, each with one fate", ["sink", "#received", "#written", "#replayed", "#rejected", "#dropped", "#pending", "", "by reason", "answers"],
      status.sinks.map((sink) => {
        const { ledger } = sink;
        const [rejected, dropped] = [sum(Object.values(ledger.rejected)), sum(Object.values(ledger.dropped))];
        const isEven = ledger.received === ledger.written + ledger.replayed + rejected + dropped + ledger.pending;
        const reasons = [...Object.entries(ledger.rejected), ...Object.entries(ledger.dropped)].filter(([, count]) => count > 0);
        const codes = Object.entries(sink.requests_by_code).map(([code, count]) => `${code === "0" ? "none" : code}: ${whole(count)}`);
        return [
          `${sink.labels.table || ""} → ${sink.url}`, ledger.received, ledger.written, ledger.replayed, lost(rejected), lost(dropped),
          ledger.pending, balance(isEven), reasons.map(([reason, count]) => `${reason}: ${whole(count)}`).join(", "), codes.join(", "),
        ];
      })));
  }
  return made;
}

const none = (text) => element("p", { class: "none" }, text);

function losses(status) {
  const all = status.sinks.flatMap((sink) => sink.losses.map((loss) => ({ ...loss, table: sink.labels.table || "" })));
  if (all.length === 0) return none("None so far.");
  all.sort((a, b) => b.at_ms - a.at_ms);
  return table("", ["when (UTC)", "series", "#value", "time (UTC)", "reason", "the receiver's words"], all.slice(0, 30).map((loss) => [
    clock(loss.at_ms), [loss.labels, "series"], loss.value ?? "–", loss.timestamp_ms === null ? "–" : clock(loss.timestamp_ms),
    loss.reason, loss.status === null ? loss.message : `${loss.status}: ${loss.message}`,
  ]));
}

function writes(status) {
  const all = status.sinks.flatMap((sink) => sink.writes);
  if (all.length === 0) return none("Nothing is written yet.");
  all.sort((a, b) => (a.labels < b.labels ? -1 : 1));
  return table("", ["series", "#value", "time (UTC)"], all.map((write) => [[write.labels, "series"], write.value, clock(write.timestamp_ms)]));
}
