// The words of scripts in the language of the page.  The English sentence is the key; base.html brings the others.
const others = JSON.parse(document.getElementById("jol-words")?.textContent ?? "{}");

export const say = (english, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replace(`%(${name})s`, value), others[english] ?? english);
