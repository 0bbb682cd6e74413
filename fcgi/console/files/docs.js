// docs.js - the API reference with a search: entries that hold all the words stay, in the text and in the contents.
const entries = [...document.querySelectorAll('.entry')].map((e) => ({ e, text: e.textContent.toLowerCase(),
  link: document.querySelector(`nav a[href="#${CSS.escape(e.id)}"]`)?.parentElement }));
const sections = [...document.querySelectorAll('main .group')].map((e) => ({ e,
  link: document.querySelector(`nav a[href="#${CSS.escape(e.querySelector('h2').id)}"]`)?.parentElement }));
const search = document.getElementById('search'), words = document.getElementById('words'), found = document.getElementById('found');
const contents = document.getElementById('contents');

function hide(part, hidden) {
  part.e.hidden = hidden;
  if (part.link)
    part.link.hidden = hidden;
}

function filter() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let n = 0;
  for (const entry of entries) {
    const fits = wanted.every((w) => entry.text.includes(w));
    hide(entry, !fits);
    n += fits;
  }
  for (const section of sections)
    hide(section, section.e.querySelector('.entry:not([hidden])') === null);
  found.textContent = wanted.length === 0 ? '' : `${n} of ${entries.length} entries have ${wanted.length === 1 ? 'this word' : 'these words'}.`;
}

// What a link leads to is shown, also when the search has hidden it.
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.closest('[hidden]'))
    return;
  words.value = '';
  filter();
  target.scrollIntoView();
}

for (const code of document.querySelectorAll('code.json'))
  code.textContent = JSON.stringify(JSON.parse(code.textContent), null, 2);

search.hidden = false;
search.addEventListener('submit', (event) => event.preventDefault());
words.addEventListener('input', filter);
addEventListener('hashchange', reveal);
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement)
    return;
  event.preventDefault();
  words.focus();
});
contents.open = matchMedia('(min-width: 64rem)').matches;
// On a phone the contents make room for what was chosen.
contents.addEventListener('click', (event) => {
  if (event.target.closest('a') && !matchMedia('(min-width: 64rem)').matches)
    contents.open = false;
});
if (words.value !== '')
  filter(); // the browser kept it over a reload
