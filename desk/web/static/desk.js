// Keys and small comforts. Everything here also works without it, by links and forms.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const shownAt = performance.now();
  const LOOK = 250; // ms a post must have been in view before Enter can file it: a double press is not a decision

  // ---- keys -------------------------------------------------------------------------------------------------------
  const typing = (target) => target.closest("input, select, textarea");
  // With a Chinese input method on, `key` says Process; the place of the key on the board still says which it was.
  const letter = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.code.replace(/^(Key|Digit|Numpad(?=\d))/, "").toLowerCase());

  const open = (id, focus) => {
    const details = document.getElementById(id);
    if (!details) return;
    for (const other of document.querySelectorAll(".acts details")) other.open = other === details && !details.open;
    if (details.open) {
      details.scrollIntoView({ block: "nearest" });
      const there = details.querySelector(focus);
      if (there) there.focus();
    }
  };
  const press = (id) => { const there = document.getElementById(id); if (there) there.click(); };
  const file = () => { if (performance.now() - shownAt >= LOOK) press("accept"); };
  const KEYS = {
    a: file, t: () => press("told"), u: () => press("undo"), j: () => press("next"), k: () => press("previous"),
    "/": () => { const field = $("#q"); if (field) field.focus(); else press("search"); },
    c: () => open("correct", "#find"), r: () => open("reject", "button"),
    s: () => open("split", "#find-second"), m: () => open("merge", "button, input:not([type=hidden])"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (event.key === "Escape") {
      const menu = $(".menu[open]");
      for (const details of document.querySelectorAll(":is(.acts, .top) details[open]")) details.open = false;
      if (menu) menu.querySelector("summary").focus();
      else if (document.activeElement) document.activeElement.blur();
      return;
    }
    if (typing(event.target)) return;
    const key = letter(event);
    const choice = /^[1-9]$/.test(key) && $(`.acts details[open] [data-digit="${key}"]`);
    if (choice) {
      choice.click();
    } else if (event.key === "Enter" && !event.target.closest("a, button, summary, details")) {
      file();
    } else if (Object.hasOwn(KEYS, key)) {
      KEYS[key]();
    } else {
      return;
    }
    event.preventDefault();
  });

  // ---- Enter in a field beside a button presses that button, not the form's first -----------------------------------------
  document.addEventListener("keydown", (event) => {
    const pair = event.key === "Enter" && !event.isComposing && event.target.matches("input") && event.target.closest(".pair");
    if (!pair) return;
    event.preventDefault();
    pair.querySelector("button").click();
  });

  // ---- a form is sent once ------------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    if (event.target.dataset.wait && event.submitter && !event.defaultPrevented) { // takes more than a moment: say so
      event.submitter.textContent = event.target.dataset.wait;
      event.target.setAttribute("aria-busy", "true");
    }
  });
  addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

  // ---- a menu closes when one goes elsewhere ---------------------------------------------------------------------------
  for (const menu of document.querySelectorAll(".menu")) {
    menu.addEventListener("focusout", (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  }

  // ---- a page that takes a while says so --------------------------------------------------------------------------------
  const wait = $("#wait");
  const PATIENCE = 400; // ms before a word is said; most pages are there by then
  let waiting;
  const said = (began) => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    const words = seconds < 3 ? "正在打开……" : `还在准备，已用 ${seconds - (seconds % 3)} 秒……`;
    if (wait.textContent !== words) wait.textContent = words;
  };
  addEventListener("beforeunload", () => {
    const began = performance.now();
    clearInterval(waiting);
    waiting = setTimeout(() => { said(began); waiting = setInterval(said, 1000, began); }, PATIENCE);
  });
  const arrived = () => { clearInterval(waiting); wait.textContent = ""; };
  addEventListener("pageshow", arrived);
  addEventListener("focus", arrived); // a navigation given up, or a file that was saved

  // ---- finding a unit by part of its name or by pinyin ----------------------------------------------------------------
  const rank = (found, asked) => {
    const keys = found.split(" ");
    if (keys.some((key) => key.startsWith(asked))) return 0;
    return keys.some((key) => key.includes(asked)) ? 1 : 2;
  };
  for (const find of document.querySelectorAll("input[data-list]")) {
    const list = document.getElementById(find.dataset.list);
    const keysOf = new Map([...document.getElementById(find.dataset.keysOf || find.dataset.list).options].map((o) => [o.value, o.dataset.keys]));
    const all = [...list.options];
    find.parentElement.hidden = false;
    find.addEventListener("input", () => {
      const asked = find.value.toLowerCase().replace(/\s+/g, "");
      const fitting = all.map((option) => [rank(keysOf.get(option.value), asked), option]).filter(([r]) => !asked || r < 2);
      list.replaceChildren(...fitting.sort((a, b) => (asked ? a[0] - b[0] : 0)).map(([, option]) => option));
      if (asked) list.selectedIndex = fitting.length ? 0 : -1;
    });
    find.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      list.selectedIndex = Math.min(list.options.length - 1, Math.max(0, list.selectedIndex + step));
      event.preventDefault();
    });
  }

  // ---- the ten seconds of undo -----------------------------------------------------------------------------------------
  const undo = $(".undo");
  if (undo) {
    const end = performance.now() + 1000 * Number(undo.dataset.left);
    const tick = setInterval(() => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      undo.querySelector(".left").textContent = left;
      if (left <= 0) { clearInterval(tick); undo.remove(); }
    }, 250);
  }

  const current = $(".list [aria-current]");
  const list = $(".list");
  if (current && list && list.scrollHeight > list.clientHeight) list.scrollTop = current.offsetTop - list.clientHeight / 3;

  // ---- news: emergencies must not wait for the next click ---------------------------------------------------------------
  const news = $("#news");
  if (news) {
    const others = $("#others");
    const seen = ({ others: who, became }) => {
      if (became === undefined) return;
      const words = became ? `这条帖子${became}` : who && `${who}正在看这一条`;
      if (words !== others.textContent) others.textContent = words;
      others.hidden = !words;
      for (const button of document.querySelectorAll(".acts button")) button.disabled ||= Boolean(became);
    };
    const ask = async () => {
      try {
        const looking = document.visibilityState === "visible" ? `?post=${encodeURIComponent(news.dataset.post)}` : "";
        const answer = await fetch(news.dataset.url + looking, { redirect: "error" });
        if (!answer.ok) return;
        const told = await answer.json();
        const { waiting, emergencies } = told;
        seen(told);
        if (emergencies > Number(news.dataset.emergencies)) {
          news.classList.add("alarm");
          news.firstElementChild.textContent = "有新的紧急情况，立即打开";
        }
        news.hidden = emergencies <= Number(news.dataset.emergencies) && waiting <= Number(news.dataset.waiting);
      } catch { /* the desk is away for a moment; ask again next time */ }
    };
    setInterval(ask, 10000);
    addEventListener("focus", ask);
  }
})();
