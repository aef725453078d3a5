/** /openapi.json, and the same for people at /docs. */

import { toJsonSchema } from "@valibot/to-json-schema";
import type { Hono } from "hono";
import { Hono as Routes } from "hono";
import { describeRoute, generateSpecs, loadVendor } from "hono-openapi";
import type { OpenAPIV3_1 } from "openapi-types";
import { VERSION } from "../../version.ts";
import { docsPage } from "./docs-page.ts";
import { errorResponses } from "./errors.ts";
import { query } from "./query.ts";

export type OpenApiDocument = OpenAPIV3_1.Document;

const DESCRIPTION =
  "What runs, how it is, and what happened: the control plane's REST. The same is served as gRPC, " +
  "gRPC-Web and Connect on this port. Times are RFC 3339 in UTC; 64-bit integers are texts of " +
  'their digits. An error is `{"error": {"code", "message", "hint"}}`. Where the server asks for ' +
  "credentials, give a token as `Authorization: Bearer …`.";

/** The OpenAPI 3.1 document of everything that `app` answers. */
export async function openApiOf(app: Hono): Promise<OpenApiDocument> {
  // Named here, or the library would look for the converter by a name that a bundler cannot see.
  loadVendor("valibot", {
    toJSONSchema: (schema, options) =>
      toJsonSchema(schema as Parameters<typeof toJsonSchema>[0], {
        target: "draft-2020-12",
        ...options,
      }),
  });
  const document = await generateSpecs(app, {
    excludeStaticFile: false,
    documentation: {
      openapi: "3.1.0",
      info: { title: "flowctl control plane", version: VERSION, description: DESCRIPTION },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{}, { token: [] }],
    },
  });
  return document as OpenApiDocument;
}

export function docsRoutes(app: Hono): Hono {
  const routes = new Routes();
  let made: Promise<OpenApiDocument> | undefined;
  const document = () => made ??= openApiOf(app);
  routes.get(
    "/openapi.json",
    describeRoute({
      tags: ["Documentation"],
      summary: "This description, as OpenAPI 3.1",
      responses: {
        200: {
          description: "The document.",
          content: { "application/json": { schema: { type: "object" } } },
        },
        ...errorResponses(400),
      },
    }),
    query({}),
    async (c) => c.json(await document()),
  );
  routes.get(
    "/docs",
    describeRoute({
      tags: ["Documentation"],
      summary: "This description, to read",
      responses: {
        200: { description: "A page.", content: { "text/html": { schema: { type: "string" } } } },
        ...errorResponses(400),
      },
    }),
    query({}),
    async (c) =>
      c.html(docsPage(await document()), 200, {
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      }),
  );
  routes.get("/", (c) => c.redirect("/docs"));
  return routes;
}
