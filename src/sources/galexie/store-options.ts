import type { StoreOptions } from "../../objects/object-store.ts";
import type { Config } from "../../gen/config/galexie.ts";

/** The part of the config that concerns the store, and where the providers' variables come from. */
export function storeOptions(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): StoreOptions {
  const { endpoint, region, path_style, profile } = config;
  const { access_key_id, secret_access_key, session_token } = config;
  const { account_name, account_key, sas_token, connection_string } = config;
  return {
    timeout_ms: config.timeout,
    anonymous: config.anonymous,
    env,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(path_style === undefined ? {} : { path_style }),
    ...(profile === undefined ? {} : { profile }),
    ...(access_key_id === undefined ? {} : { access_key_id }),
    ...(secret_access_key === undefined ? {} : { secret_access_key }),
    ...(session_token === undefined ? {} : { session_token }),
    ...(account_name === undefined ? {} : { account_name }),
    ...(account_key === undefined ? {} : { account_key }),
    ...(sas_token === undefined ? {} : { sas_token }),
    ...(connection_string === undefined ? {} : { connection_string }),
  };
}
