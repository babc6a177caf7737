// Loads the page again as soon as there is something new of the sign-in. Without this script the page looks by itself.
const address = document.querySelector("main")?.dataset.events;
if (address) {
  const events = new EventSource(address);
  events.addEventListener("changed", () => {
    events.close();
    location.reload();
  });
}
