/** How the generated files, functions and views are called. */

/** `TransactionMetaV4` → `transaction-meta-v4`. */
export function fileOf(type: string): string {
  return type.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
}

/** `operations` → `Operations`, to stand inside another name. */
export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `ScValType` → `scValType`. */
export function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export function viewOf(type: string): string {
  return `${type}View`;
}

export function skipOf(type: string): string {
  return `skip${type}`;
}

export function readOf(enumeration: string): string {
  return `read${enumeration}`;
}
