/** Keeps secrets out of everything that is shown: errors, logs, printed pipelines. */

export const HIDDEN = "***";

/** Shorter secrets are hidden only where they stand alone: "a" is in every word. */
const SHORTEST_ANYWHERE = 4;

const SECRET_NAME =
  /(^|_)(PASSWORD|PASSWD|PASS|SECRET|TOKEN|APIKEY|KEY|CREDENTIALS?|AUTH|DSN|CONNECTION_STRING)$/i;
const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#@:"']*):([^\s/?#"']*)@/gi;
const SECRET_QUERY =
  /([?&;](?:password|passwd|token|access_token|api_?key|secret|sig|signature|x-amz-signature|x-amz-security-token|x-amz-credential)=)[^&\s"'#;]+/gi;
const AUTH_SCHEME = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;

/** Whether the value of an environment variable of that name is to be hidden. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  /** Hides a value from now on, also as it stands in URLs and in JSON. */
  add(secret: string): void {
    const forms = [
      secret,
      secret.trim(),
      encodeURIComponentSafe(secret),
      JSON.stringify(secret).slice(1, -1),
    ];
    for (const form of forms) {
      if (form !== "" && form !== HIDDEN) this.#secrets.add(form);
    }
    this.#pattern = undefined;
  }

  /** Hides the password of a URL wherever it appears, also without the URL. */
  addFromUrl(text: string): void {
    for (const [, , , password] of text.matchAll(USERINFO)) {
      if (password === undefined || password === "") continue;
      this.add(password);
      this.add(decodeURIComponentSafe(password));
    }
  }

  /** Hides the values of variables whose name says that they are secret. */
  addEnvironment(env: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(env)) {
      if (value === undefined) continue;
      if (looksSecret(name) && value.length >= SHORTEST_ANYWHERE) this.add(value);
      this.addFromUrl(value);
    }
  }

  /** The text without secrets. A bound function, so that it can be handed on. */
  readonly redact = (text: string): string => {
    const visible = this.#secrets.size === 0 ? text : text.replace(this.#patternNow(), HIDDEN);
    return visible.replace(USERINFO, `$1$2:${HIDDEN}@`).replace(SECRET_QUERY, `$1${HIDDEN}`)
      .replace(AUTH_SCHEME, `$1 ${HIDDEN}`);
  };

  #patternNow(): RegExp {
    this.#pattern ??= new RegExp(
      [...this.#secrets].toSorted((a, b) => b.length - a.length).map((secret) => {
        const escaped = secret.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
        return secret.length >= SHORTEST_ANYWHERE ? escaped : `(?<![\\w-])${escaped}(?![\\w-])`;
      }).join("|"),
      "g",
    );
    return this.#pattern;
  }
}

function encodeURIComponentSafe(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
