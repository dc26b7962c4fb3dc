// Lists the places where a page stores a token: browser storage, cookies, caches, URL, history and DOM.
async (token) => {
  const places = [];
  for (const [name, storage] of [["localStorage", localStorage], ["sessionStorage", sessionStorage]])
    for (const [key, value] of Object.entries(storage))
      if (`${key}${value}`.includes(token)) places.push(`${name} ${key}`);
  for (const { name } of await indexedDB.databases()) places.push(`IndexedDB ${name}`);
  for (const name of await caches.keys()) places.push(`cache ${name}`);
  const texts = {
    "document.cookie": document.cookie,
    DOM: document.documentElement.outerHTML,
    "window.name": window.name,
    address: location.href,
    "history.state": JSON.stringify(history.state),
  };
  for (const [name, text] of Object.entries(texts)) if ((text ?? "").includes(token)) places.push(name);
  return places;
}
