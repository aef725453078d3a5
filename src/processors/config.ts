import type { ComponentContext } from "../flow/component.ts";

/** The config as its schema made it: validation came before the component. */
export function configOf<Config>(context: ComponentContext): Config {
  return context.spec.config as unknown as Config;
}
