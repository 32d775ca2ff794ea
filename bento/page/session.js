// What is remembered until the tab closes; in memory only where the browser forbids storage.

const PREFIX = "switchyard:";
const held = new Map();

export const session = {
  get(name) {
    try {
      return sessionStorage.getItem(PREFIX + name);
    } catch {
      return held.get(name) ?? null;
    }
  },
  set(name, value) {
    held.set(name, value);
    try {
      if (value === null) sessionStorage.removeItem(PREFIX + name);
      else sessionStorage.setItem(PREFIX + name, value);
    } catch {
      // Held in memory above.
    }
  },
};
