import type {
  CheckResult,
  ComponentContext,
  SinkContext,
  SinkDefinition,
} from "../../flow/component.ts";
import { configJsonSchema, configSchema, secretKeys } from "../../gen/config/webhook.ts";
import type { Config } from "../../gen/config/webhook.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { configOf, needed } from "../../flow/component-config.ts";
import { placeOf } from "./post.ts";
import { createRequests } from "./requests.ts";
import { createWebhookSink } from "./sink.ts";
import { parseTemplate } from "./template.ts";

/** Posts each ledger's events to a URL. */
export const webhook: SinkDefinition = {
  name: "webhook",
  role: "sink",
  aliases: [
    "WebhookNotifier",
    "webhook-processor",
    "webhook-sink",
    "webhook-consumer",
    "SaveToWebhook",
  ],
  summary: "Posts events to a URL as JSON, with an idempotency key.",
  configSchema,
  configJsonSchema,
  secretKeys,
  configAliases: {
    webhook_url: "url",
    endpoint_url: "url",
    authorization: "auth_header",
    batch_size: "max_batch_events",
  },
  // Older files say so; JSON is all there is, and any other format is told as an unknown key.
  rewriteConfig: ({ format, ...rest }) =>
    format === undefined || format === "json" ? rest : { format, ...rest },
  neededToRun: ["url"],
  runOnlyKeys: ["url", "headers", "auth_header", "timeout"],
  localState: "its positions",
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: notify
type: webhook
inputs: [large]
config:
  url: https://hooks.example.com/transfers
  auth_header: "Bearer \${HOOK_TOKEN}"
`,
  create(context: SinkContext) {
    const config = configOf<Config>(context);
    const { payload_template, headers = {}, auth_header } = config;
    const template = payload_template === undefined ? undefined : parseTemplate(payload_template);
    const { pipeline, spec } = context;
    const sender = { namespace: pipeline.namespace, pipeline: pipeline.name, sink: spec.id };
    const options = {
      url: urlOf(needed(context, "url", config.url)),
      headers: {
        "content-type": "application/json",
        "user-agent": "flowctl",
        ...(auth_header === undefined ? {} : { authorization: auth_header }),
        ...lowerCaseKeys(headers),
      },
      timeout_ms: config.timeout,
      signal: context.signal,
    };
    return createWebhookSink(context, options, createRequests(sender, config, template));
  },
  checkConfig(raw): Promise<void> {
    const { url, payload_template } = raw as unknown as Config;
    if (url !== undefined) urlOf(url);
    if (payload_template !== undefined) parseTemplate(payload_template);
    return Promise.resolve();
  },
  async check(context: ComponentContext): Promise<readonly CheckResult[]> {
    const config = configOf<Config>(context);
    const url = urlOf(needed(context, "url", config.url));
    const target = placeOf(url);
    try {
      // Any answer will do: what a receiver says to HEAD tells nothing about a POST.
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(config.timeout)]);
      const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
      return [{ target, status: "ok", detail: `answers (${response.status})` }];
    } catch (error) {
      return [{
        target,
        status: "failed",
        detail: messageOf(error),
        hint: "Check that the receiver runs and that this machine may connect to it.",
      }];
    }
  },
};

function lowerCaseKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, v]) => [key.toLowerCase(), v]));
}

function urlOf(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Told below; the text itself may be a secret.
  }
  throw new FlowctlError("spec/invalid", "webhook: url is not an http:// or https:// URL");
}
