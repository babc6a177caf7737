// What this device keeps: the root of trust, the pack, and what was seen of packs before. Nothing that was checked.

const NAME = "symbolon-offline";
const STORE = "kept";

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

export const keep = (values) =>
  within("readwrite", (store) => {
    for (const [name, value] of Object.entries(values)) store.put(value, name);
  });

export const forget = () => within("readwrite", (store) => store.clear());
