// Looks for a token wherever a page may keep something that outlives it, and in the page itself.
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
