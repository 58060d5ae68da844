// Lines over time, drawn by uPlot. A chart is made anew when it gets another line or the colours change.

class Chart {
  constructor(id) {
    this.into = byId(id);
    this.key = "";
    this.plot = null;
  }

  show(times, lines) {
    const names = [...lines.keys()];
    const key = `${names.join("\n")} ${this.into.clientWidth} ${matchMedia("(prefers-color-scheme: dark)").matches}`;
    const data = [times, ...lines.values()];
    if (key === this.key && this.plot) {
      this.plot.setData(data);
      return this.tellLast();
    }
    this.key = key;
    if (this.plot) this.plot.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    this.plot = new uPlot({
      width: this.into.clientWidth,
      height: 190,
      cursor: { y: false },
      scales: { y: { range: (_, least, most) => [0, most > 0 ? most * 1.05 : 1] } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map((at) => new Date(at * 1000).toISOString().slice(11, 19)), space: 80 }, { ...axis, size: 52, values: (_, ticks) => ticks.map(short) }],
      series: [
        { value: (_, at) => (at ? new Date(at * 1000).toISOString().slice(11, 19) : "–"), label: "UTC" },
        ...names.map((name, at) => ({
          label: name, stroke: colour(`--s${(at % 6) + 1}`), width: 1.5, spanGaps: false, points: { show: false },
          dash: at >= 6 ? [6, 4] : undefined, value: (_, value) => short(value),
        })),
      ],
    }, data, this.into);
    this.tellLast();
  }

  // The legend has the last values while nobody points at others.
  tellLast() {
    if (this.plot.cursor.idx === null || this.plot.cursor.left < 0) this.plot.setLegend({ idx: this.plot.data[0].length - 1 }, false);
  }
}
