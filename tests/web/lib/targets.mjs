// targets.mjs - what a finger has to hit; run in the page, in any browser.

// What can be pressed and is smaller than `least` px in a direction; a link in the midst of a sentence or line is as high as that. What a label presses is
// pressed on the label too; what lies in something that scrolls sideways is where its table is.
export function tooSmall(least) {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0 && e.getBoundingClientRect().right > 0;
  const inSentence = (e) => e.matches('a, button.link') && getComputedStyle(e).display.startsWith('inline') && (getComputedStyle(e.parentElement).display === 'inline' || [...e.parentElement.childNodes].some((n) => n !== e && n.textContent.trim() !== '' && n.nodeType === Node.TEXT_NODE));
  const whole = (e) => {
    const rects = [e, ...(e.matches('[type=checkbox], [type=radio]') ? e.labels : [])].map((one) => one.getBoundingClientRect());
    const [left, top, right, bottom] = [Math.min(...rects.map((r) => r.left)), Math.min(...rects.map((r) => r.top)), Math.max(...rects.map((r) => r.right)), Math.max(...rects.map((r) => r.bottom))];
    return { w: right - left, h: bottom - top };
  };
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((e) => seen(e) && !inSentence(e)).map((e) => ({ e, ...whole(e) }))
    .filter(({ w, h }) => w < least - 0.5 || h < least - 0.5).map(({ e, w, h }) => `${e.outerHTML.slice(0, 120)} in ${e.parentElement.outerHTML.slice(0, 80)}: ${Math.round(w)} x ${Math.round(h)}`);
}

// By how many px the page is wider than the window.
export const tooWide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
