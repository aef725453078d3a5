/** Every built-in component. A new component is one line here. */

import type { ComponentDefinition } from "./flow/component.ts";

export const catalogue: readonly ComponentDefinition[] = [];
