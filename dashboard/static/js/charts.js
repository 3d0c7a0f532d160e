// Tooltips of the charts. The numbers come from the table beside the chart, so both always agree.
(() => {
  function show(bar) {
    const plot = bar.closest(".chart-plot");
    const table = document.getElementById(plot.dataset.chart);
    const tip = plot.querySelector(".chart-tip");
    const heads = [...table.tHead.rows[0].cells];
    const row = table.tBodies[0].rows[Number(bar.dataset.row)];
    tip.replaceChildren();
    const title = document.createElement("strong");
    title.textContent = row.cells[0].textContent;
    tip.append(title);
    for (let i = heads.length - 1; i > 0; i -= 1) {
      const line = document.createElement("div");
      const name = document.createElement("span");
      const value = document.createElement("span");
      name.textContent = heads[i].textContent;
      value.textContent = row.cells[i].textContent;
      const swatch = document.createElement("i");
      swatch.className = heads[i].dataset.css ? `swatch ${heads[i].dataset.css}` : "swatch none";
      line.append(swatch, name, value);
      tip.append(line);
    }
    tip.hidden = false;
    const area = plot.getBoundingClientRect();
    const box = bar.querySelector(".chart-hover").getBoundingClientRect();
    const right = box.right - area.left + 8;
    const fits = right + tip.offsetWidth <= area.width;
    const left = fits ? right : box.left - area.left - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(0, left)}px`;
  }
  const hide = (plot) => { plot.querySelector(".chart-tip").hidden = true; };

  document.addEventListener("pointerover", (event) => {
    const bar = event.target.closest?.(".chart-bar");
    if (bar) show(bar);
  });
  document.addEventListener("pointerout", (event) => {
    const plot = event.target.closest?.(".chart-plot");
    if (plot && !event.relatedTarget?.closest?.(".chart-bar")) hide(plot);
  });
})();
