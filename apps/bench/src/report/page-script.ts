/**
 * What the page gains where scripts run: a switch between light and dark, and tables that sort by a click on a
 * heading. Everything can be read without it. Its hash stands in the page's content policy, which no other script passes.
 */
export const PAGE_SCRIPT = `(() => {
  const root = document.documentElement;
  const button = document.querySelector('.theme');
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const theme = () => root.dataset.theme || (prefersDark.matches ? 'dark' : 'light');
  const label = () => { button.textContent = theme() === 'dark' ? 'Light' : 'Dark'; };
  // Pages that are opened from disk may be refused a storage.
  try { const kept = localStorage.getItem('espalier-theme'); if (kept) root.dataset.theme = kept; } catch {}
  button.hidden = false;
  label();
  prefersDark.addEventListener('change', label);
  button.addEventListener('click', () => {
    root.dataset.theme = theme() === 'dark' ? 'light' : 'dark';
    label();
    try { localStorage.setItem('espalier-theme', root.dataset.theme); } catch {}
  });

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number(text);
    return text === '' ? undefined : Number.isNaN(number) ? text : number;
  };
  // Empty cells stand last in either direction; numbers before words.
  const compare = (a, b, sign) => {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
    return sign * (typeof a === 'number' ? a - b : a.localeCompare(b));
  };
  for (const heading of document.querySelectorAll('th[data-sortable]')) {
    const sort = document.createElement('button');
    sort.className = 'sort';
    const label = document.createElement('span');
    label.append(...heading.childNodes);
    sort.append(label);
    heading.append(sort);
    sort.addEventListener('click', () => {
      const ascending = heading.getAttribute('aria-sort') !== 'ascending';
      for (const other of heading.parentElement.cells) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      const body = heading.closest('table').tBodies[0];
      const column = heading.cellIndex;
      const rows = [...body.rows].map((row) => ({ row, key: keyOf(row, column) }));
      rows.sort((a, b) => compare(a.key, b.key, ascending ? 1 : -1));
      body.append(...rows.map(({ row }) => row));
    });
  }
})();`;
