// What was asked for: the last two answers, and ten minutes of points for the charts.

const KEPT_POINTS = 600;

class History {
  constructor() {
    this.last = null;
    this.before = null;
    this.times = [];
    this.charts = { rates: new Map(), losses: new Map(), lag: new Map() };
  }

  // Takes an answer in. A process that began anew begins a new history.
  add(status) {
    if (this.last && this.last.began_ms !== status.began_ms) Object.assign(this, new History());
    this.before = this.last;
    this.last = status;
    if (!this.before) return;
    this.times.push(status.now_ms / 1000);
    this.point("rates", this.rates());
    this.point("losses", this.lossRates());
    this.point("lag", this.lags());
    if (this.times.length > KEPT_POINTS) {
      this.times.shift();
      for (const chart of Object.values(this.charts)) for (const points of chart.values()) points.shift();
    }
  }

  // What a count grew by in a second; `pick` finds it in an answer.
  rate(pick) {
    if (!this.before) return null;
    const seconds = (this.last.now_ms - this.before.now_ms) / 1000;
    return seconds > 0 ? Math.max(0, pick(this.last) - pick(this.before)) / seconds : null;
  }

  rates() {
    const rates = [["records read", this.rate(recordsOf)]];
    if (this.last.jobs.length > 0) rates.push(["rows written", this.rate(rowsOf)]);
    if (this.last.sinks.length > 0) rates.push(["samples acknowledged", this.rate(writtenOf)]);
    return rates;
  }

  lossRates() {
    const reasons = [...lossesOf(this.last).keys()];
    return reasons.map((reason) => [reason, this.rate((status) => lossesOf(status).get(reason) || 0)]);
  }

  lags() {
    const now = this.last.now_ms;
    const lags = [];
    for (const job of this.last.jobs) {
      for (const [table, source] of Object.entries(job.ledger.sources)) {
        if (source.watermark_ms !== undefined) {
          lags.push([`watermark of ${table}`, Math.max(0, now - source.watermark_ms) / 1000]);
        }
      }
    }
    for (const sink of this.last.sinks) {
      if (sink.newest_written_ms !== null) {
        const of = sink.labels.table ? ` of ${sink.labels.table}` : "";
        lags.push([`newest sample${of}`, Math.max(0, now - sink.newest_written_ms) / 1000]);
      }
    }
    return lags;
  }

  point(chart, values) {
    const known = this.charts[chart];
    const length = this.times.length;
    for (const [name, value] of values) {
      if (!known.has(name)) known.set(name, new Array(length - 1).fill(null));
      known.get(name).push(value);
    }
    for (const points of known.values()) if (points.length < length) points.push(null);
  }
}

const sum = (values) => values.reduce((all, value) => all + value, 0);

const recordsOf = (status) =>
  sum(status.inputs.map((input) => input.records)) +
  sum(status.jobs.flatMap((job) => Object.values(job.ledger.sources).map((source) => source.records)));

const rowsOf = (status) =>
  sum(status.jobs.flatMap((job) => Object.values(job.ledger.tables).map((table) => table.rows)));

const writtenOf = (status) => sum(status.sinks.map((sink) => sink.ledger.written));

// Everything that came to nothing, by reason: records, rows and samples.
function lossesOf(status) {
  const losses = new Map();
  const add = (reason, count) => count > 0 && losses.set(reason, (losses.get(reason) || 0) + count);
  for (const input of status.inputs) add("undecodable", input.undecodable);
  for (const job of status.jobs) {
    for (const source of Object.values(job.ledger.sources)) add("undecodable", source.undecodable);
    for (const operator of Object.values(job.ledger.operators)) {
      add("late rows", operator.late || 0);
      add("failed rows", operator.failed);
    }
  }
  for (const sink of status.sinks) {
    for (const [reason, count] of Object.entries(sink.ledger.rejected)) add(reason, count);
    for (const [reason, count] of Object.entries(sink.ledger.dropped)) if (reason !== "duplicate") add(reason, count);
  }
  return losses;
}
