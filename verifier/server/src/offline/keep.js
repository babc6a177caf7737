// What this device keeps: the root of trust and the address that came with it, the pack with what was seen of packs before, the device's key, and
// which requests were answered. Nothing that was checked.

const NAME = "symbolon-offline";
const STORE = "kept";
const SPENT = "spent:";
// What every window of this page is told by the others, where the browser can tell.
const windows = globalThis.BroadcastChannel && new BroadcastChannel(NAME);
const ANEW = "anew";
const PACK = "pack";
const ALL_SPENT = () => IDBKeyRange.bound(SPENT, `${SPENT}\uffff`);

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Does something in one transaction, which is written as a whole or not at all. */
async function within(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const answer = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(answer?.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const kept = (name) => within("readonly", (store) => store.get(name));

/** Several values as they were at one moment. */
export async function keptTogether(names) {
  const requests = {};
  await within("readonly", (store) => {
    for (const name of names) requests[name] = store.get(name);
  });
  return Object.fromEntries(names.map((name) => [name, requests[name].result]));
}

export const keep = (values) =>
  within("readwrite", (store) => {
    for (const [name, value] of Object.entries(values)) store.put(value, name);
  });

/** The same as long as this is the root of trust that is kept, in one transaction: whether it was. */
export async function keepUnder(root, values) {
  let under = false;
  await within("readwrite", (store) => {
    store.get("root").onsuccess = ({ target }) => {
      under = alike(target.result, root);
      if (!under) return;
      for (const [name, value] of Object.entries(values)) store.put(value, name);
    };
  });
  if (under && values.pack) windows?.postMessage(PACK);
  return under;
}

/** Keeps a value where none is kept, and tells which one is. */
export async function keepFirst(name, value) {
  try {
    await within("readwrite", (store) => void store.add(value, name));
    return value;
  } catch (error) {
    if (error?.name === "ConstraintError") return kept(name);
    throw error;
  }
}

/** Whether two roots of trust, each of them perhaps none, are the same bytes. */
export function alike(one, other) {
  if (!one || !other) return !one && !other;
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

/** What other windows did: `anew` that they began anew, `pack` that they keep another pack. */
export function hearOthers({ anew, pack }) {
  windows?.addEventListener("message", ({ data }) => {
    if (data === ANEW) anew();
    else if (data === PACK) pack();
  });
}

/** Everything goes but which requests were answered: whoever begins anew is not to take an answer twice. What is handed in stands there
    afterwards, in the same transaction. Every other window is told. */
export async function beginAnew(values = {}) {
  await within("readwrite", (store) => {
    const others = (all) => all.filter((name) => !name.startsWith(SPENT));
    store.getAllKeys().onsuccess = ({ target }) => {
      for (const name of others(target.result)) store.delete(name);
      for (const [name, value] of Object.entries(values)) store.put(value, name);
    };
  });
  windows?.postMessage(ANEW);
}

/** Spends the nonce of a request that is answered, once in all windows of this page, and remembers it until nothing can answer it any more. Whether
    it was spent now: it was not where it was spent before. */
export async function spend(nonce, until, now) {
  try {
    await within("readwrite", (store) => {
      store.add(until, SPENT + nonce);
      store.openCursor(ALL_SPENT()).onsuccess = ({ target }) => {
        const cursor = target.result;
        if (!cursor) return;
        if (cursor.value < now) cursor.delete();
        cursor.continue();
      };
    });
    return true;
  } catch (error) {
    if (error?.name === "ConstraintError") return false;
    throw error;
  }
}
