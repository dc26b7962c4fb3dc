"use strict";
// Shows the evidence for the selected requirement beside the spec, and filters the list of requirements.
// Without this script, the evidence can be opened below each requirement.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector) => [...document.querySelectorAll(selector)];
  const pane = document.querySelector(".pane");
  const holder = pane.querySelector(".holder");
  const title = document.getElementById("pane-title");
  const bar = document.querySelector(".bar");
  const wide = matchMedia("(min-width: 1000px)");
  const rows = all("tr[data-row]");
  const blocks = new Map(all("[data-key]").map((block) => [block.dataset.key, block]));
  const proofs = new Map(all("details.proof").map((proof) => [proof.dataset.proof, proof]));
  const homes = new Map();
  let selected = null;

  const sendHome = () => {
    for (const [proof, home] of homes) {
      home.replaceWith(proof);
      proof.open = false;
    }
    homes.clear();
  };

  const show = () => {
    sendHome();
    pane.hidden = !wide.matches;
    const proof = proofs.get(selected);
    if (!proof) return;
    if (wide.matches) {
      const home = document.createComment("proof");
      proof.replaceWith(home);
      homes.set(proof, home);
      holder.replaceChildren(proof);
      pane.scrollTop = 0;
      title.textContent = "Evidence for " + selected;
    }
    proof.open = true;
  };

  const select = (key) => {
    if (!blocks.has(key)) return false;
    for (const block of all(".selected")) block.classList.remove("selected");
    for (const link of all("a.key[aria-current]")) link.removeAttribute("aria-current");
    selected = key;
    blocks.get(key).classList.add("selected");
    blocks.get(key).querySelector("a.key")?.setAttribute("aria-current", "true");
    show();
    return true;
  };

  const keyOf = (hash) => {
    try {
      return decodeURIComponent(hash.slice(1));
    } catch {
      return "";
    }
  };

  const follow = () => {
    const key = keyOf(location.hash);
    if (select(key)) blocks.get(key).scrollIntoView({ block: "start" });
  };

  // A click in the spec must not scroll the text.
  const choose = (key, byKeyboard) => {
    if (key !== keyOf(location.hash)) history.pushState(null, "", "#" + encodeURIComponent(key).replaceAll("%2F", "/"));
    select(key);
    if (wide.matches && byKeyboard) pane.focus({ preventScroll: true });
    if (!wide.matches) proofs.get(key).scrollIntoView({ block: "start" });
  };

  document.querySelector(".specs").addEventListener("click", (event) => {
    const block = event.target.closest("[data-key]");
    const link = event.target.closest("a, summary, pre, .proof");
    if (!block || (link && !link.matches("a.key")) || String(getSelection())) return;
    if (!link && !wide.matches) return;
    event.preventDefault();
    choose(block.dataset.key, Boolean(link) && event.detail === 0);
  });

  pane.addEventListener("keydown", (event) => {
    if (event.key === "Escape") blocks.get(selected)?.querySelector("a.key")?.focus();
  });

  for (const button of pane.querySelectorAll("button[data-step]")) {
    button.addEventListener("click", () => {
      const keys = rows.filter((row) => !row.hidden || row.dataset.row === selected).map((row) => row.dataset.row);
      const next = keys[keys.indexOf(selected) + Number(button.dataset.step)];
      if (!next) return;
      choose(next, false);
      blocks.get(next).scrollIntoView({ block: "nearest" });
    });
  }

  const buttons = all("button.filter");
  const input = bar.querySelector("input");
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const filter = () => {
    const wanted = new Set(buttons.filter((button) => button.getAttribute("aria-pressed") === "true").map((button) => button.dataset.verdict));
    const sought = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits =
        (!wanted.size || wanted.has(row.dataset.verdict)) && sought.every((word) => words.get(row).includes(word));
      row.hidden = !fits;
      blocks.get(row.dataset.row)?.classList.toggle("off", !fits);
      count += fits;
    }
    const filtered = wanted.size || sought.length;
    bar.querySelector(".shown").textContent = filtered ? `${count} of ${rows.length} shown` : "";
    document.querySelector(".nothing").hidden = count > 0 || !filtered;
  };

  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  input.disabled = false;
  input.addEventListener("input", filter);

  const measure = () => root.style.setProperty("--bar", wide.matches ? bar.offsetHeight + "px" : "0px");
  new ResizeObserver(measure).observe(bar);
  wide.addEventListener("change", () => {
    measure();
    show();
  });
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  let closed = [];
  addEventListener("beforeprint", () => {
    sendHome();
    closed = all("details.proof:not([open])");
    for (const proof of closed) proof.open = true;
  });
  addEventListener("afterprint", () => {
    for (const proof of closed) proof.open = false;
    show();
  });

  measure();
  filter();
  if (blocks.has(keyOf(location.hash))) {
    follow();
  } else if (wide.matches && rows.length) {
    const needWork = ["failing", "vacuous", "suspect", "silent"];
    select((rows.find((row) => needWork.includes(row.dataset.verdict)) ?? rows[0]).dataset.row);
  } else {
    show();
  }
})();
