/** /api/components: the catalogue of built-in components. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import { catalogue } from "../../catalogue.ts";
import type { ComponentDefinition } from "../../flow/component.ts";
import { errorResponses, jsonResponse, notFound, shortly } from "./errors.ts";
import { query } from "./query.ts";

const ROLES = ["source", "processor", "sink"] as const;

const componentSchema = v.strictObject({
  name: v.string(),
  role: v.picklist(ROLES),
  aliases: v.array(v.string()),
  summary: v.string(),
  accepts: v.pipe(v.array(v.string()), v.description("Event types that it reads; * is any.")),
  emits: v.pipe(v.array(v.string()), v.description("Event types that it gives; * is its input's.")),
});
const oneComponentSchema = v.strictObject({
  ...componentSchema.entries,
  example: v.pipe(v.string(), v.description("A whole component, YAML.")),
  config_schema: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description("JSON Schema 2020-12 of its config."),
  ),
});

export function componentsRoutes(): Hono {
  const app = new Hono();
  app.get(
    "/api/components",
    describeRoute({
      tags: ["Components"],
      summary: "The built-in components",
      responses: {
        200: jsonResponse(
          "The components.",
          v.strictObject({ components: v.array(componentSchema) }),
        ),
        ...errorResponses(400),
      },
    }),
    query({ role: v.optional(v.picklist(ROLES)) }),
    (c) => {
      const { role } = c.req.valid("query");
      const found = catalogue.filter((it) => role === undefined || it.role === role);
      return c.json({ components: found.map(componentJson) });
    },
  );
  app.get(
    "/api/components/:name",
    describeRoute({
      tags: ["Components"],
      summary: "One built-in component, with the schema of its config",
      responses: {
        200: jsonResponse("The component.", oneComponentSchema),
        ...errorResponses(400, 404),
      },
    }),
    query({}),
    (c) => {
      const name = c.req.param("name").toLowerCase();
      const found = catalogue.find((it) =>
        it.name === name || it.aliases.some((alias) => alias.toLowerCase() === name)
      );
      if (found === undefined) throw notFound(`component ${shortly(name)}`);
      const { example, configJsonSchema } = found;
      return c.json({ ...componentJson(found), example, config_schema: configJsonSchema });
    },
  );
  return app;
}

function componentJson(definition: ComponentDefinition): v.InferOutput<typeof componentSchema> {
  const { name, role, aliases, summary, accepts, emits } = definition;
  return { name, role, aliases: [...aliases], summary, accepts: [...accepts], emits: [...emits] };
}
