// Signs in by the link, and shows the result of a request as soon as it is there. Everything else the page does without a script.

const at = (id) => document.getElementById(id);

/** What stands behind the # of the address signs in. */
function enterByLink() {
  const key = location.hash.slice(1);
  if (!key.includes(":")) return;
  history.replaceState(null, "", location.pathname);
  const form = at("enter");
  if (!form) return;
  at("key").value = decodeURIComponent(key);
  form.requestSubmit();
}

/** Loads the page again once there is something new, and takes the new parts over, so that a screen reader is told. */
function watch() {
  const path = at("live")?.dataset.events;
  if (!path) return;
  const events = new EventSource(path);
  const ended = async () => {
    events.close();
    const response = await fetch(location.pathname);
    const loaded = new DOMParser().parseFromString(await response.text(), "text/html");
    const [state, live] = [loaded.getElementById("state"), loaded.getElementById("live")];
    // The request is gone, or nobody is signed in any more: the page says which.
    if (!state || !live) return location.reload();
    at("live").replaceChildren(...live.childNodes);
    at("state").className = state.className;
    at("state").textContent = state.textContent;
    at("state").scrollIntoView({ block: "start" });
  };
  events.addEventListener("answered", ended);
  events.addEventListener("expired", ended);
}

enterByLink();
watch();
