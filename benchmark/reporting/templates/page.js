// Filter by state, search, the mark of the section in view, and folds that open for what a link leads to.
(() => {
  const items = [...document.querySelectorAll('[data-state]')];
  const bar = document.querySelector('.filter');
  if (bar && items.length) {
    const search = bar.querySelector('input');
    const buttons = [...bar.querySelectorAll('button')];
    search.hidden = false;
    const told = bar.querySelector('output');
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const states = buttons.filter(one => one.getAttribute('aria-pressed') === 'true').map(one => one.value);
      let count = 0;
      for (const item of items) {
        const text = `${item.textContent} ${item.dataset.about ?? ''}`.toLowerCase();
        const hit = (!states.length || states.includes(item.dataset.state)) && words.every(word => text.includes(word));
        item.classList.toggle('off', !hit);
        count += hit;
        if (hit && (states.length || words.length)) {
          const fold = item.parentElement.closest('details.fold');
          if (fold) fold.open = true;
        }
      }
      told.textContent = states.length || words.length ? `${count} of ${items.length}` : '';
    };
    search.addEventListener('input', apply);
    for (const one of buttons) {
      one.disabled = false;
      one.addEventListener('click', () => {
        one.setAttribute('aria-pressed', one.getAttribute('aria-pressed') !== 'true');
        apply();
      });
    }
  }
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) if (one.tagName === 'DETAILS') one.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  reveal();
  const links = [...document.querySelectorAll('.side a[href^="#"]')];
  const places = links.map(one => document.getElementById(one.hash.slice(1)));
  const mark = () => {
    let at = 0;
    places.forEach((one, index) => { if (one && one.getBoundingClientRect().top < 140) at = index; });
    links.forEach((one, index) => index === at ? one.setAttribute('aria-current', 'true') : one.removeAttribute('aria-current'));
  };
  if (links.length) {
    addEventListener('scroll', mark, {passive: true});
    mark();
  }
})();
